package feed

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// TestArchive compares what is read of archives with what archive/zip reads.
func TestArchive(t *testing.T) {
	many := make([]string, 0x10000+1) // one more than a count of two bytes can say
	for i := range many {
		many[i] = fmt.Sprintf("%d.json", i)
	}
	cases := map[string][]byte{
		"none":    zipOf(t, nil),
		"one":     zipOf(t, []txtar.File{{Name: "a.json", Data: bytes.Repeat([]byte("a"), 1<<20)}}),
		"empty":   zipOf(t, []txtar.File{{Name: "a.json"}, {Name: "b/"}, {Name: "b/c.json", Data: []byte("c")}}),
		"many":    stored(t, "", many...),
		"stored":  stored(t, "", "a"),
		"comment": stored(t, strings.Repeat("comment ", 1000), "a", "b"),
	}
	for _, name := range sharedArchives(t) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		cases[name] = data
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			ours, err := openArchive(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			i := 0
			err = ours.each(func(name string, content io.Reader) error {
				got, err := io.ReadAll(content)
				if err != nil {
					return err
				}
				f := theirs.File[i]
				i++
				r, err := f.Open()
				if err != nil {
					return err
				}
				want, err := io.ReadAll(r)
				if err = errors.Join(err, r.Close()); err != nil {
					return err
				}
				if name != f.Name || !bytes.Equal(got, want) {
					t.Errorf("entry %d is %q of %d bytes, want %q of %d", i, name, len(got), f.Name, len(want))
				}
				return nil
			})
			if err != nil || i != len(theirs.File) {
				t.Errorf("%d entries of %d: %v", i, len(theirs.File), err)
			}
		})
	}
}

// stored is an archive of entries that are not compressed, with a comment.
func stored(t *testing.T, comment string, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	err := z.SetComment(comment)
	for _, name := range names {
		w, e := z.CreateHeader(&zip.FileHeader{Name: name, Comment: "of the entry", Method: zip.Store})
		if e != nil {
			t.Fatal(e)
		}
		_, e = w.Write([]byte(name))
		err = errors.Join(err, e)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sharedArchives are real ones, where they are at hand.
func sharedArchives(t *testing.T) []string {
	t.Helper()
	shared := os.Getenv("LAYERGATE_SHARED")
	if shared == "" {
		shared = "../../../../../shared"
	}
	var names []string
	for _, ecosystem := range []string{"AlmaLinux", "Rocky Linux"} {
		found, err := filepath.Glob(filepath.Join(shared, "data", "osv", ecosystem, "all.zip"))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	return names
}

// TestMemory checks that an archive of many records is read in the same memory
// as one of few: archive/zip would keep some 300 bytes of each.
func TestMemory(t *testing.T) {
	few, many := peak(t, 1_000), peak(t, 100_000)
	if many > few+4<<20 {
		t.Errorf("%d KB in use with 1,000 records, %d KB with 100,000", few>>10, many>>10)
	}
}

// BenchmarkMemory is for a look at millions: -bench Memory -benchtime 1x.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		b.ReportMetric(float64(peak(b, 1_000_000))/1e6, "MB-heap")
	}
}

// peak reads an archive of n records and is how much memory was in use at most.
func peak(t testing.TB, n int) uint64 {
	t.Helper()
	name := filepath.Join(t.TempDir(), "osv", "npm", "all.zip")
	writeTiny(t, name, n)
	folder, err := Open(name, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	units, err := Find(folder.FS)
	if err != nil || len(units) != 1 {
		t.Fatalf("%v, %v", units, err)
	}
	m := meter{every: n / 10}
	if err := units[0].Feed.Read(context.Background(), folder.FS, units[0], &m); err != nil {
		t.Fatal(err)
	}
	if m.n != n {
		t.Fatalf("%d records of %d", m.n, n)
	}
	return m.most
}

// writeTiny writes an archive of n small records.
func writeTiny(t testing.TB, name string, n int) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for i := range n {
		id := fmt.Sprintf("MAL-2026-%d", i)
		w, err := z.CreateHeader(&zip.FileHeader{Name: id + ".json", Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		_, err = fmt.Fprintf(w, `{"id": %q, "modified": "2026-01-01T00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "p%d"}, "versions": ["1.0.0"]}]}`, id, i)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// meter is a Sink that looks at the memory now and then.
type meter struct {
	n, every int
	most     uint64
}

func (m *meter) Skip(string, string)                {}
func (m *meter) Date(time.Time)                     {}
func (m *meter) Facts(string, advisory.Facts) error { return nil }
func (m *meter) Record(*advisory.Record) error {
	if m.n++; m.n%m.every == 0 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		m.most = max(m.most, s.HeapAlloc)
	}
	return nil
}
