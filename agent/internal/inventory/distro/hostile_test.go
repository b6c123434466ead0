package distro

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// repeated is a file that is longer than any memory: head, then body without
// end.
type repeated struct{ head, body string }

func (r repeated) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(r.head)) {
		n = copy(p, r.head[off:])
	}
	for n < len(p) {
		n += copy(p[n:], r.body[(off+int64(n-len(r.head)))%int64(len(r.body)):])
	}
	return n, nil
}

// file is size bytes of it.
func (r repeated) file(size int64) *io.SectionReader {
	r.body = strings.Repeat(r.body, 1+1<<16/len(r.body)) // to copy more at a time
	return io.NewSectionReader(r, 0, size)
}

// hostile are files made to use up time and memory, by the path that makes an
// extractor take them.
var hostile = []struct {
	name, path string
	repeated
	size int64
}{
	{"one long line", "lib/apk/db/installed", repeated{"P:", "x"}, 96 << 20},
	{"endless packages", "lib/apk/db/installed", repeated{"", "P:a\nV:1\n\n"}, 8 << 20},
	{"endless files", "lib/apk/db/installed", repeated{"P:a\nV:1\nF:usr\n", "R:some-file-name\n"}, 96 << 20},
	{"long names", "lib/apk/db/installed", repeated{"", "P:" + strings.Repeat("n", 60000) + "\nV:1\n\n"}, 96 << 20},
	{"one long line", "var/lib/dpkg/status", repeated{"Package: a\nVersion: ", "1"}, 96 << 20},
	{"endless continuation", "var/lib/dpkg/status", repeated{"Package: a\n", " x\n"}, 16 << 20},
	{"endless packages", "var/lib/dpkg/status", repeated{"", "Package: a\nVersion: 1\n\n"}, 16 << 20},
	{"endless broken packages", "var/lib/dpkg/status", repeated{"", "Package: a\n\n"}, 16 << 20},
	{"no newline at all", "var/lib/dpkg/info/a.list", repeated{"", "/"}, 96 << 20},
	{"endless files", "var/lib/dpkg/info/a.list", repeated{"", "/usr/share/doc/a\n"}, 96 << 20},
	{"endless files", "var/lib/dpkg/status.d/a.md5sums", repeated{"", "d41d8cd98f00b204e9800998ecf8427e  usr/a\n"}, 96 << 20},
	{"endless packages", "var/lib/rpmmanifest/container-manifest-2", repeated{"", "a\t1-1\t\t\t\t\t\t\t0\t(none)\n"}, 16 << 20},
	{"only tabs", "var/lib/rpmmanifest/container-manifest-2", repeated{"", "\t"}, 96 << 20},
	{"endless", "etc/os-release", repeated{"ID=debian\n", "A=1\n"}, 96 << 20},
	{"endless header", "var/lib/rpm/rpmdb.sqlite", repeated{sqliteMagic + "\x10\x00\x01\x01\x00\x40\x20\x20", "\x0d"}, 96 << 20},
	{"slots over slots", "var/lib/rpm/Packages.db", repeated{ndbMagic + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x00\x00" + strings.Repeat("\x00", 16), "Slot\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00"}, 96 << 20},
	{"a hash of hashes", "var/lib/rpm/Packages", repeated{strings.Repeat("\x00", 12) + "\x61\x15\x06\x00\x09\x00\x00\x00\x00\x02\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00\xff\xff\x01\x00", "\x0d\x00"}, 16 << 20},
}

// TestHostile says that each extractor stays within its bounds, and that none
// makes a hostile file look like a small healthy one.
func TestHostile(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.path+" "+h.name, func(t *testing.T) {
			content := h.file(h.size)
			c, peak, err := measure(t, h.path, content)
			if peak > 2*maxKept+(64<<20) {
				t.Errorf("%d MiB of memory", peak>>20)
			}
			sound(t, c)
			if err == nil && len(c.Gaps) == 0 && !strings.HasSuffix(h.name, "continuation") && !strings.HasPrefix(h.name, "no newline") {
				t.Errorf("no error and no gap: %d packages", len(c.Packages))
			}
			if strings.HasPrefix(h.name, "endless packages") || strings.HasPrefix(h.name, "endless files") {
				if len(c.Gaps) == 0 || c.Gaps[len(c.Gaps)-1].Kind != finding.Limited {
					t.Errorf("no limit: %v", c.Gaps)
				}
			}
		})
	}
}

// measure extracts and tells how many bytes stay in memory for it.
func measure(t *testing.T, path string, content *io.SectionReader) (*inventory.Contents, int64, error) {
	t.Helper()
	f := layer.File{Path: path, Size: content.Size()}
	for _, e := range all {
		if e.Want(f) != layer.Take {
			continue
		}
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		c, err := e.Extract(context.Background(), f, content)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(c)
		return c, int64(after.HeapAlloc) - int64(before.HeapAlloc), err
	}
	t.Fatalf("nobody wants %s", path)
	return nil, 0, nil
}

// TestChiselBomb gives a small file that decompresses to a huge one.
func TestChiselBomb(t *testing.T) {
	var small bytes.Buffer
	z, err := zstd.NewWriter(&small)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(z, repeated{"{\"jsonwall\":\"1.0\",\"count\":1}\n", "{\"kind\":\"package\",\"name\":\"a\",\"version\":\"1\"}\n"}.file(maxManifest/8)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	c, _, err := measure(t, chiselManifest, section(small.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	sound(t, c)
	if len(c.Gaps) == 0 || c.Gaps[0].Kind != finding.Limited {
		t.Errorf("no limit: %v", c.Gaps)
	}
}

// TestNoise gives random bytes with each format's first bytes.
func TestNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, h := range hostile {
		for range 50 {
			b := make([]byte, random.IntN(20000))
			for i := range b {
				b[i] = byte(random.Uint32())
			}
			content := append([]byte(h.head), b...)
			for _, e := range all {
				if !wants(e, h.path, content) {
					continue
				}
				c, err := e.Extract(context.Background(), layer.File{Path: h.path}, section(content))
				if err == nil {
					sound(t, c)
				}
			}
		}
	}
}

// fuzz adds seeds and then demands of one extractor that it never panics and
// keeps to the rules.
func fuzz(f *testing.F, e inventory.Extractor, path string, seeds ...[]byte) {
	f.Helper()
	for _, seed := range seeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := e.Extract(context.Background(), layer.File{Path: path, Size: int64(len(content))}, section(content))
		if err == nil {
			sound(t, c)
		} else if strings.Contains(fmt.Sprint(err), "\n") {
			t.Errorf("error of several lines: %v", err)
		}
	})
}

func FuzzAPK(f *testing.F)  { fuzz(f, APK(), "lib/apk/db/installed", read(f, "apk/installed.txtar")) }
func FuzzDpkg(f *testing.F) { fuzz(f, Dpkg(), dpkgStatus, read(f, "dpkg/status.txtar")) }
func FuzzDpkgFiles(f *testing.F) {
	fuzz(f, DpkgFiles(), dpkgInfo+"a.list", []byte("/.\n/usr\n/usr/bin/a\n"))
}

func FuzzChisel(f *testing.F) {
	f.Add(read(f, "chisel/manifest.txtar"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := wall(context.Background(), chiselManifest, bytes.NewReader(text))
		if err == nil {
			sound(t, c)
		}
	})
}

func FuzzRPM(f *testing.F) {
	sqlite := read(f, "rpm/rpmdb.sqlite")
	fuzz(f, RPM(), "var/lib/rpm/Packages", sqlite, read(f, "rpm/Packages"), ndb(f, sqlite))
}

func FuzzRPMHeader(f *testing.F) {
	sqlite := read(f, "rpm/rpmdb.sqlite")
	all, err := sqliteHeaders(&rpmFile{bytes.NewReader(sqlite), int64(len(sqlite)), int64(len(sqlite))})
	if err != nil {
		f.Fatal(err)
	}
	for header := range all {
		f.Add(bytes.Clone(header))
	}
	f.Fuzz(func(t *testing.T, header []byte) {
		l := newLedger("Packages")
		if err := l.addHeader(header); err == nil {
			sound(t, l.contents())
		}
	})
}

func FuzzRPMManifest(f *testing.F) {
	fuzz(f, RPMManifest(), rpmManifest, []byte("a\t1-1\t0\t0\tv\t1\t0\tx86_64\t1\ta-1-1.src.rpm\n"))
}

func FuzzRelease(f *testing.F) {
	fuzz(f, Release(), "etc/os-release", read(f, "release/releases.txtar"))
}
