package distro

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// all is every extractor of the package.
var all = []inventory.Extractor{APK(), Dpkg(), DpkgFiles(), Chisel(), RPM(), RPMLog(), RPMManifest(), Release()}

// section is content as a walk hands it over.
func section(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

// wants says whether a walk would hand the file to the extractor.
func wants(e inventory.Extractor, name string, content []byte) bool {
	f := layer.File{Path: name, Size: int64(len(content))}
	switch e.Want(f) {
	case layer.Take:
		return true
	case layer.Peek:
		return e.Peek(f, content[:min(len(content), layer.HeadSize)])
	}
	return false
}

// extract does with one file what a walk does.
func extract(t testing.TB, e inventory.Extractor, name string, content []byte) *inventory.Contents {
	t.Helper()
	if !wants(e, name, content) {
		t.Fatalf("%s does not want %s", e.Name, name)
	}
	c, err := e.Extract(context.Background(), layer.File{Path: name, Size: int64(len(content))}, section(content))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// read is a file of testdata.
func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shared is a file of the data beside the repository; the test is skipped
// without it.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("LAYERGATE_SHARED")
	if root == "" {
		root = "../../../../../shared"
	}
	file := filepath.Join(root, "data", name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("no shared data: %v", err)
	}
	return file
}

// tool skips the test, or fails it in CI, where a program is missing.
func tool(t testing.TB, program, apt string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing: apt-get install %s", program, apt)
	}
	t.Skipf("%s is missing: apt-get install %s", program, apt)
}

// output is what a program prints.
func output(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v", cmd, err)
	}
	return string(out)
}

// told is a package on one line: the form in which tests compare.
func told(p inventory.Package) string {
	return strings.Join([]string{p.Name, p.Version, p.Arch, p.SourceName, p.SourceVer, p.Module}, "\t")
}

// tell is all packages, then all files with their owners, then all gaps.
func tell(c *inventory.Contents) string {
	var b strings.Builder
	for _, p := range c.Packages {
		fmt.Fprintln(&b, "package", strings.ReplaceAll(told(p), "\t", " "))
	}
	for _, o := range c.Owned {
		for _, f := range o.Files {
			fmt.Fprintln(&b, "file", o.Package, f)
		}
	}
	for _, g := range c.Gaps {
		fmt.Fprintln(&b, "gap", g.Kind, g.Reason)
	}
	return b.String()
}

// sound fails the test if contents break what the inventory may rely on.
func sound(t testing.TB, c *inventory.Contents) {
	t.Helper()
	if c == nil {
		return
	}
	for i, p := range c.Packages {
		if p.Name == "" || p.Version == "" || p.Type == "" || !p.Distro || p.Path == "" {
			t.Errorf("incomplete package %+v", p)
		}
		if i > 100 {
			continue
		}
		Identify(&p, &image.Distro{ID: "debian", Version: "12", Ecosystem: "Debian:12"})
		if p.PURL == "" {
			t.Errorf("no package URL for %+v", p)
		}
	}
	for _, o := range c.Owned {
		for _, f := range o.Files[:min(len(o.Files), 10000)] {
			if f == "" || path.IsAbs(f) || path.Clean(f) != f || strings.HasPrefix(f, "../") {
				t.Errorf("owned file %q is not clean", f)
			}
		}
	}
	if len(c.Gaps) > maxGaps+1 {
		t.Errorf("%d gaps", len(c.Gaps))
	}
	for _, g := range c.Gaps {
		if g.Kind == "" || g.Subject == "" || g.Reason == "" || strings.Contains(g.Reason, "\n") {
			t.Errorf("incomplete gap %+v", g)
		}
	}
}

// TestWant says which files each extractor asks for, by name and first bytes.
func TestWant(t *testing.T) {
	apk, deb := "C:Q1abc\nP:musl\n", "Package: adduser\nStatus: install ok installed\n"
	bdb := string(make([]byte, 12)) + "\x61\x15\x06\x00"
	tests := []struct{ path, content, want string }{
		{"lib/apk/db/installed", apk, "apk"},
		{"usr/lib/apk/db/installed", apk, "apk"},
		{"data/apk-of-another-folder/installed", apk, "apk"}, // a symbolic link can lead there
		{"etc/installed", "yes", ""},
		{"var/lib/dpkg/status", deb, "dpkg"},
		{"var/lib/dpkg/status", "garbage", "dpkg"}, // broken, which must be told
		{"data/elsewhere/status", deb, "dpkg"},
		{"proc/self/status", "Name: cat\n", ""},
		{"var/lib/dpkg/status.d/base-files", deb, "dpkg"},
		{"var/lib/dpkg/status.d/base-files.md5sums", "d41d8cd98f00b204e9800998ecf8427e  etc/motd\n", "dpkg files"},
		{"var/lib/dpkg/info/libc6:amd64.list", "/.\n", "dpkg files"},
		{"var/lib/dpkg/info/libc6:amd64.triggers", "x", ""},
		{"var/lib/chisel/manifest.wall", "", "chisel"},
		{"var/lib/rpm/rpmdb.sqlite", "", "rpm"},
		{"usr/lib/sysimage/rpm/Packages.db", "RpmP", "rpm"},
		{"var/lib/rpm/Packages", "broken", "rpm"},
		{"data/Packages", bdb, "rpm"},
		{"srv/debian/Packages", "Package: a\n", ""},
		{"var/lib/rpm/rpmdb.sqlite-wal", "", ""},
		{"var/lib/rpm/rpmdb.sqlite-wal", strings.Repeat("x", 4000), "rpm log"},
		{"var/lib/rpmmanifest/container-manifest-2", "", "rpm manifest"},
		{"usr/lib/os-release", "", "os-release"},
		{"etc/redhat-release", "", "os-release"},
		{"etc/debian_version", "12.5\n", ""},
	}
	for _, test := range tests {
		var got []string
		for _, e := range all {
			if wants(e, test.path, []byte(test.content)) {
				got = append(got, e.Name)
			}
		}
		if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, diff)
		}
	}
}

func TestRooted(t *testing.T) {
	for in, want := range map[string]string{
		"/.":                  "",
		"/":                   "",
		"":                    "",
		"/usr/bin/":           "usr/bin",
		"usr//bin/./x":        "usr/bin/x",
		"../../etc/passwd":    "etc/passwd",
		"///usr":              "usr",
		"/usr/../../etc/x":    "etc/x",
		"/usr/lib/..data/x":   "usr/lib/..data/x",
		"/usr/share/.hidden":  "usr/share/.hidden",
		"/etc/apt/a b/ü.conf": "etc/apt/a b/ü.conf",
	} {
		if got := rooted(in); got != want {
			t.Errorf("rooted(%q) = %q, want %q", in, got, want)
		}
	}
}
