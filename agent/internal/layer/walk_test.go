package layer_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/layer"
)

// blob is a layer in memory; seekable ones can be read anywhere.
type blob struct {
	bytes    []byte
	seekable bool
}

func (b blob) Open(context.Context) (io.ReadCloser, error) {
	r := bytes.NewReader(b.bytes)
	if b.seekable {
		return struct {
			*bytes.Reader
			io.Closer
		}{r, io.NopCloser(nil)}, nil
	}
	return io.NopCloser(struct{ io.Reader }{r}), nil
}

// stored gives one tar in every way that a layer can be stored.
func stored(t *testing.T, plain []byte) map[string]image.Layer {
	t.Helper()
	var gz, zs bytes.Buffer
	g := gzip.NewWriter(&gz)
	z, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.WriteCloser{g, z} {
		if _, err := w.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	diffID := fmt.Sprintf("sha256:%x", sha256.Sum256(plain))
	return map[string]image.Layer{
		"seekable": {DiffID: diffID, Blob: blob{plain, true}},
		"stream":   {DiffID: diffID, Blob: blob{plain, false}},
		"gzip":     {DiffID: diffID, Blob: blob{gz.Bytes(), false}},
		"zstd":     {DiffID: diffID, Blob: blob{zs.Bytes(), false}},
	}
}

// recorder takes every file that ends in .want, and every .peek that begins
// with yes.
type recorder struct{ got map[string]string }

func (r *recorder) Want(f layer.File) layer.Want {
	switch {
	case strings.HasSuffix(f.Path, ".want"):
		return layer.Take
	case strings.HasSuffix(f.Path, ".peek"):
		return layer.Peek
	}
	return layer.Skip
}

func (r *recorder) Peek(_ layer.File, head []byte) bool { return bytes.HasPrefix(head, []byte("yes")) }

func (r *recorder) Take(_ context.Context, f layer.File, content *io.SectionReader) error {
	all, err := io.ReadAll(content)
	if len(all) > 100 {
		all = fmt.Appendf(nil, "%d bytes %x", len(all), sha256.Sum256(all))
	}
	r.got[f.Path] = string(all)
	return err
}

func (r *recorder) Alias(path, target string) { r.got[path] = "alias of " + target }
func (r *recorder) Drop(path string)          { delete(r.got, path) }

func walk(t *testing.T, l image.Layer, o layer.Options) (map[string]string, *layer.Diff, error) {
	t.Helper()
	o.TempDir = t.TempDir()
	r := &recorder{got: map[string]string{}}
	d, err := layer.Walk(context.Background(), l, r, o)
	return r.got, d, err
}

// archive writes a tar from headers and bodies.
func archive(t *testing.T, entries ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		switch e := e.(type) {
		case tar.Header:
			if e.Mode == 0 {
				e.Mode = 0o644
			}
			if err := w.WriteHeader(&e); err != nil {
				t.Fatal(err)
			}
		case file:
			if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, e.body); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type file struct{ name, body string }

func dir(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755} }
func symlink(name, to string) tar.Header {
	return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
}
func hardlink(name, to string) tar.Header {
	return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink}
}

func TestWalkHandsOverWhatIsWanted(t *testing.T) {
	large := strings.Repeat("large ", 4<<20) // 24 MiB: more than is kept in memory
	noise := make([]byte, 100_000)
	rand.Read(noise)
	tests := map[string]struct {
		entries []any
		want    map[string]string
	}{
		"by name and by head": {
			[]any{file{"a.want", "A"}, file{"b", "B"}, file{"c.peek", "yes C"}, file{"d.peek", "no"}, file{"e.want", "E"}, file{"empty.want", ""}},
			map[string]string{"a.want": "A", "c.peek": "yes C", "e.want": "E", "empty.want": ""},
		},
		"odd names": {
			[]any{file{"./x/a.want", "1"}, file{"/abs.want", "2"}, file{"../../up.want", "3"}, file{"x//y/./z.want", "4"}},
			map[string]string{"x/a.want": "1", "abs.want": "2", "up.want": "3", "x/y/z.want": "4"},
		},
		"large file between others": {
			[]any{file{"noise", string(noise)}, file{"a.want", large}, file{"noise2", string(noise)}, file{"b.want", "B"}},
			map[string]string{"a.want": fmt.Sprintf("%d bytes %x", len(large), sha256.Sum256([]byte(large))), "b.want": "B"},
		},
		"repeated: the last one counts": {
			[]any{file{"a.want", "old"}, file{"b.want", "old"}, file{"a.want", "new"}, symlink("b.want", "a.want")},
			map[string]string{"a.want": "new"},
		},
		"repeated by a folder, and a folder by a file": {
			[]any{file{"a.want", "old"}, dir("a.want/"), dir("f"), file{"f/b.want", "old"}, symlink("f", "/elsewhere")},
			map[string]string{},
		},
		"a folder given twice keeps its files": {
			[]any{dir("f"), file{"f/b.want", "B"}, dir("f")},
			map[string]string{"f/b.want": "B"},
		},
		"hard link to a taken file": {
			[]any{file{"a.want", "A"}, hardlink("b.want", "a.want"), hardlink("c.want", "./b.want")},
			map[string]string{"a.want": "A", "b.want": "alias of a.want", "c.want": "alias of a.want"},
		},
		"hard link to a file that was not wanted": {
			[]any{file{"a", "A"}, hardlink("b.want", "a"), hardlink("c.peek", "a"), file{"d", "yes D"}, hardlink("e.peek", "d")},
			map[string]string{"b.want": "A", "e.peek": "yes D"},
		},
		"hard link made before its target was replaced": {
			[]any{file{"a", "old"}, hardlink("b.want", "a"), file{"a", "new"}},
			map[string]string{"b.want": "old"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for how, l := range stored(t, archive(t, tt.entries...)) {
				for _, verify := range []bool{false, true} {
					got, d, err := walk(t, l, layer.Options{Verify: verify})
					if err != nil {
						t.Fatalf("%s: %v", how, err)
					}
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", how, diff)
					}
					if len(d.Gaps) > 0 {
						t.Errorf("%s: gaps %v", how, d.Gaps)
					}
				}
			}
		})
	}
}

func TestDiffHides(t *testing.T) {
	plain := archive(t,
		file{"etc/.wh.gone", ""}, file{"opt/.wh..wh..opq", ""}, file{"opt/new", ""}, file{"usr/.wh.share", ""},
		symlink("lib", "usr/lib"), dir("var"), file{"var/replaced", "x"}, dir("was-file"), file{".wh..wh.plnk", ""})
	_, d, err := walk(t, stored(t, plain)["seekable"], layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]bool{
		"etc/gone": true, "etc/gone/below": true, "etc/goner": false, "etc/other": false,
		"opt/old": true, "opt/old/deep": true, "optional": false,
		"usr/share/x": true, "usr/shared": false,
		"lib/x": true, "library": false,
		"var/replaced": true, "var/kept": false, "var/replaced/below": true,
		"was-file": true, "was-file/below": false,
		"plnk": false, "wh.plnk": false,
	} {
		if got := d.Hides(p); got != want {
			t.Errorf("Hides(%q) = %v, want %v", p, got, want)
		}
	}
}

func TestWalkReportsWhatIsBroken(t *testing.T) {
	plain := archive(t, file{"a.want", strings.Repeat("a", 5000)}, file{"b", strings.Repeat("b", 5000)})
	good := stored(t, plain)
	change := func(how string, f func([]byte) []byte) image.Layer {
		l := good[how]
		b := l.Blob.(blob)
		b.bytes = f(bytes.Clone(b.bytes))
		l.Blob = b
		return l
	}
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	wrong := good["gzip"]
	wrong.DiffID = "sha256:" + strings.Repeat("0", 64)
	tests := map[string]struct {
		layer   image.Layer
		options layer.Options
		want    string
	}{
		"cut in a wanted file":        {change("seekable", cut(2000)), layer.Options{}, "cut short"},
		"cut in a skipped file":       {change("seekable", cut(512+5120+512+2000)), layer.Options{}, "cut short"},
		"cut between two entries":     {change("seekable", cut(512+5120)), layer.Options{}, "no end mark"},
		"stream cut between two":      {change("stream", cut(512+5120)), layer.Options{}, "not the layer"},
		"gzip cut":                    {change("gzip", func(b []byte) []byte { return b[:len(b)/2] }), layer.Options{}, "cut short"},
		"gzip cut in its trailer":     {change("gzip", func(b []byte) []byte { return b[:len(b)-4] }), layer.Options{}, "cut short"},
		"zstd cut":                    {change("zstd", func(b []byte) []byte { return b[:len(b)-6] }), layer.Options{}, "cut short"},
		"gzip with a flipped bit":     {change("gzip", func(b []byte) []byte { b[len(b)-6] ^= 1; return b }), layer.Options{}, "checksum"},
		"a header with a flipped bit": {change("seekable", func(b []byte) []byte { b[3] ^= 1; return b }), layer.Options{}, "not a sound tar"},
		"not a tar":                   {change("seekable", func([]byte) []byte { return bytes.Repeat([]byte("not a tar "), 200) }), layer.Options{}, "not a sound tar"},
		"empty":                       {change("seekable", func([]byte) []byte { return nil }), layer.Options{}, "no end mark"},
		"xz":                          {change("stream", func([]byte) []byte { return []byte("\xfd7zXZ\x00rest") }), layer.Options{}, "xz compression"},
		"another diff ID":             {wrong, layer.Options{Verify: true}, "not the layer that the image's config names"},
		"a changed byte":              {change("seekable", func(b []byte) []byte { b[600] ^= 1; return b }), layer.Options{Verify: true}, "not the layer"},
		"too many entries":            {good["zstd"], layer.Options{MaxEntries: 1}, "more than 1 entries"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := walk(t, tt.layer, tt.options)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "reading layer 0 (diff ID sha256:") {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestWalkKeepsADoubt(t *testing.T) {
	plain := archive(t, file{"big.want", strings.Repeat("x", 5000)}, hardlink("link.want", "in/a/lower/layer"), file{"b.want", "B"})
	for how, l := range stored(t, plain) {
		got, d, err := walk(t, l, layer.Options{MaxFile: 4000})
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if len(got) != 1 || got["b.want"] != "B" {
			t.Errorf("%s: took %v", how, got)
		}
		var subjects []string
		for _, g := range d.Gaps {
			subjects = append(subjects, g.Subject)
		}
		if diff := cmp.Diff([]string{"big.want", "link.want"}, subjects); diff != "" {
			t.Errorf("%s: gaps (-want +got):\n%s", how, diff)
		}
	}
}

func TestWalkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(fmt.Errorf("the pipeline was stopped"))
	for how, l := range stored(t, archive(t, file{"a.want", "A"})) {
		_, err := layer.Walk(ctx, l, &recorder{got: map[string]string{}}, layer.Options{})
		if err == nil || !strings.Contains(err.Error(), "the pipeline was stopped") {
			t.Errorf("%s: error %v", how, err)
		}
	}
}

func FuzzWalk(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	long := strings.Repeat("long/", 40)
	for _, h := range []tar.Header{
		dir("d"), symlink("d/l", "../x"), hardlink("h.want", "a"), {Name: "a.want", Size: 3, Mode: 0o644},
		{Name: long + "pax.want", Size: 3, Format: tar.FormatPAX}, {Name: long + "gnu.want", Size: 3, Format: tar.FormatGNU},
		{Name: long[:120] + "/ustar.want", Size: 3, Format: tar.FormatUSTAR}, dir(long),
	} {
		if err := w.WriteHeader(&h); err != nil {
			f.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte("abc"))
		}
	}
	w.Close()
	f.Add(b.Bytes())
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Clone(data)
		repair(data)
		var first map[string]string
		var failed bool
		for i, seekable := range []bool{true, false} {
			r := &recorder{got: map[string]string{}}
			_, err := layer.Walk(context.Background(), image.Layer{Blob: blob{data, seekable}}, r, layer.Options{MaxFile: 1 << 20})
			if i == 0 {
				first, failed = r.got, err != nil
			} else if (err != nil) != failed {
				t.Errorf("seekable failed: %v, stream: %v", failed, err)
			} else if diff := cmp.Diff(first, r.got); err == nil && diff != "" {
				t.Errorf("seekable and stream differ:\n%s", diff)
			}
		}
	})
}

// repair makes the checksums right in whatever could be a header, so that
// changed fields are read and not only refused.
func repair(data []byte) {
	for ; len(data) >= 512; data = data[512:] {
		if string(data[257:262]) != "ustar" {
			continue
		}
		copy(data[148:156], "        ")
		sum := 0
		for _, b := range data[:512] {
			sum += int(b)
		}
		copy(data[148:156], fmt.Sprintf("%06o\x00 ", sum))
	}
}
