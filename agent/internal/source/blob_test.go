package source

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
)

func hashOf(t *testing.T, s string) v1.Hash {
	t.Helper()
	h, err := v1.NewHash(digestOf(s))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestVerified(t *testing.T) {
	const body = "some bytes of a layer"
	for name, tt := range map[string]struct {
		stored, digestOf string
		size             int
		want             string // "" reads whole
	}{
		"good":         {body, body, len(body), ""},
		"empty":        {"", "", 0, ""},
		"another":      {strings.ToUpper(body), body, len(body), "does not match its digest"},
		"empty, wrong": {"", body, 0, "does not match its digest"},
		"short":        {body[:5], body, len(body), "cut short: 16 bytes are missing"},
		"long":         {body + "!", body, len(body), "longer than its manifest says"},
	} {
		for kind, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader, "with EOF": iotest.DataErrReader,
		} {
			v, err := newVerified(wrap(strings.NewReader(tt.stored)), hashOf(t, tt.digestOf), int64(tt.size))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(v)
			if tt.want == "" && (err != nil || string(got) != tt.stored) {
				t.Errorf("%s, %s: read %q, %v", name, kind, got, err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%s, %s: got error %v, want %q", name, kind, err, tt.want)
			}
		}
	}
}

// One who stops at the last byte without asking for more is told too.
func TestVerifiedAtLastByte(t *testing.T) {
	v, err := newVerified(strings.NewReader("abc"), hashOf(t, "abd"), 3)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.ReadFull(v, make([]byte, 3)); n != 3 {
		t.Fatal(n, err)
	}
	if _, err := v.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the next read gives %v", err)
	}
	buf := make([]byte, 3)
	v, _ = newVerified(strings.NewReader("abc"), hashOf(t, "abd"), 3)
	if _, err := v.Read(buf); err == nil {
		t.Error("the last byte came without an error")
	}
}

// A layer that is a plain tar can be sought; a compressed one cannot, and is
// verified.
func TestFileBlob(t *testing.T) {
	plain := layerTar(t, "a")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write([]byte(plain)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	archive := writeTar(t, entry{name: "plain", body: plain}, entry{name: "gzip", body: z.String()},
		entry{name: "none", body: strings.Repeat("\x00", 1024)}, entry{name: "link", link: "plain"})
	f, err := indexTar(context.Background(), bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for name, seeks := range map[string]bool{"plain": true, "gzip": false, "none": true, "link": true} {
		rc, err := fileBlob{from: f, name: name, digest: hashOf(t, z.String())}.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		_, at := rc.(io.ReaderAt)
		_, seek := rc.(io.Seeker)
		_, size := rc.(interface{ Size() int64 })
		if at != seeks || seek != seeks || size != seeks {
			t.Errorf("%s: ReaderAt %v, Seeker %v, Size %v, want all %v", name, at, seek, size, seeks)
		}
		if _, err := io.ReadAll(rc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
	}

	rc, err := fileBlob{from: f, name: "gzip", digest: hashOf(t, "another")}.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(rc); err == nil || !strings.Contains(err.Error(), "does not match its digest") {
		t.Errorf("a wrong digest gave %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	rc, err = fileBlob{from: f, name: "gzip", digest: hashOf(t, z.String())}.Open(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := rc.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read gave %v", err)
	}
}

func TestIndexTarReadsNoContents(t *testing.T) {
	var entries []entry
	for _, name := range []string{"a", "b", "c"} {
		entries = append(entries, entry{name: name, body: strings.Repeat(name, 1<<20)})
	}
	archive := writeTar(t, entries...)
	counted := &countingReaderAt{b: archive}
	f, err := indexTar(context.Background(), counted, int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	if counted.n > 8<<10 {
		t.Errorf("indexing read %d bytes of %d", counted.n, len(archive))
	}
	r, _, err := f.open("b")
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(r, []byte(entries[1].body)); err != nil {
		t.Error(err)
	}
}

type countingReaderAt struct {
	b []byte
	n int
}

func (c *countingReaderAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(c.b).ReadAt(p, off)
	c.n += n
	return n, err
}
