package distro

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/inventory"
)

// cases are the folders of a txtar file: the file that an extractor reads, and
// what it should tell of it.
func cases(t *testing.T, name string) (input, want map[string]string) {
	t.Helper()
	input, want = map[string]string{}, map[string]string{}
	for _, f := range txtar.Parse(read(t, name)).Files {
		folder, base := filepath.Split(f.Name)
		if base == "want" {
			want[folder] = string(f.Data)
		} else {
			input[folder] = string(f.Data)
		}
	}
	return input, want
}

func TestAPK(t *testing.T) {
	input, want := cases(t, "apk/installed.txtar")
	for name, text := range input {
		c := extract(t, APK(), "lib/apk/db/installed", []byte(text))
		sound(t, c)
		if diff := cmp.Diff(want[name], tell(c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// The database's own end is a newline, so a file without one was cut short.
	c := extract(t, APK(), "lib/apk/db/installed", []byte("P:a\nV:1"))
	if got := tell(c); !strings.Contains(got, "cut short") {
		t.Error(got)
	}
}

// TestAPKReal reads the databases of published Alpine images and compares with
// what regular expressions find in them.
func TestAPKReal(t *testing.T) {
	archives, err := filepath.Glob(shared(t, "rootfs") + "/*.tar.gz")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no root file systems: %v", err)
	}
	for _, archive := range archives {
		text := fromTar(t, archive, "./lib/apk/db/installed")
		c := extract(t, APK(), "lib/apk/db/installed", text)
		sound(t, c)
		var want, got []string
		for _, m := range regexp.MustCompile(`(?m)^P:(.*)\nV:(.*)\nA:(.*)$`).FindAllStringSubmatch(string(text), -1) {
			want = append(want, m[1]+" "+m[2]+" "+m[3])
		}
		for _, p := range c.Packages {
			got = append(got, p.Name+" "+p.Version+" "+p.Arch)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(want) < 10 {
			t.Errorf("%s (-want +got):\n%s", archive, diff)
		}
		files := 0
		for _, o := range c.Owned {
			files += len(o.Files)
		}
		if want := len(regexp.MustCompile(`(?m)^R:`).FindAll(text, -1)); files != want || len(c.Gaps) > 0 {
			t.Errorf("%s: %d files of %d, gaps %v", archive, files, want, c.Gaps)
		}
	}
}

// fromTar is one file of a .tar.gz.
func fromTar(t *testing.T, archive, name string) []byte {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			t.Fatalf("no %s in %s", name, archive)
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == name {
			b, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
}

func TestDpkg(t *testing.T) {
	input, want := cases(t, "dpkg/status.txtar")
	for name, text := range input {
		c := extract(t, Dpkg(), "var/lib/dpkg/status", []byte(text))
		sound(t, c)
		if diff := cmp.Diff(want[name], tell(c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	c := extract(t, Dpkg(), "var/lib/dpkg/status", []byte("Package: a\nVersion: 1"))
	if got := tell(c); !strings.Contains(got, "cut short") {
		t.Error(got)
	}
}

// TestDistroless reads one package a file: no status, often no last newline.
func TestDistroless(t *testing.T) {
	c := extract(t, Dpkg(), "var/lib/dpkg/status.d/base", []byte("Package: base-files\nArchitecture: amd64\nVersion: 12.4+deb12u5"))
	if diff := cmp.Diff("package base-files 12.4+deb12u5 amd64 base-files 12.4+deb12u5 \n", tell(c)); diff != "" {
		t.Error(diff)
	}
}

// TestDpkgReal compares with dpkg on this machine.
func TestDpkgReal(t *testing.T) {
	tool(t, "dpkg-query", "dpkg")
	status, err := os.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for line := range strings.Lines(output(t, "dpkg-query", "-W", "-f",
		`${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n`)) {
		state, line, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if state != "config-files" && state != "not-installed" {
			want = append(want, line+"\t")
		}
	}
	c := extract(t, Dpkg(), "var/lib/dpkg/status", status)
	sound(t, c)
	for _, p := range c.Packages {
		got = append(got, told(p))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(c.Gaps) > 0 {
		t.Errorf("gaps %v, dpkg says otherwise (-dpkg +ours):\n%s", c.Gaps, diff)
	}
}

// TestDpkgFilesReal compares with dpkg on this machine.
func TestDpkgFilesReal(t *testing.T) {
	tool(t, "dpkg-query", "dpkg")
	text, err := os.ReadFile("/var/lib/dpkg/info/dpkg.list")
	if err != nil {
		t.Fatal(err)
	}
	c := extract(t, DpkgFiles(), "var/lib/dpkg/info/dpkg.list", text)
	sound(t, c)
	var want []string
	for line := range strings.Lines(output(t, "dpkg-query", "-L", "dpkg")) {
		if name := strings.TrimPrefix(strings.TrimSpace(line), "/"); name != "." && !strings.Contains(name, "diverted by") {
			want = append(want, name)
		}
	}
	if diff := cmp.Diff([]inventory.Owned{{Package: "dpkg", Files: want}}, c.Owned); diff != "" {
		t.Error(diff)
	}
}

func TestDpkgFiles(t *testing.T) {
	tests := []struct{ path, text, want string }{
		{"var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n", "file libc6 lib\nfile libc6 lib/x86_64-linux-gnu/libc.so.6\n"},
		{"var/lib/dpkg/status.d/tzdata.md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/zone info/UTC\n", "file tzdata usr/share/zone info/UTC\n"},
		{"var/lib/dpkg/info/empty.list", "", ""},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, tell(extract(t, DpkgFiles(), test.path, []byte(test.text)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.path, diff)
		}
	}
}

func TestChisel(t *testing.T) {
	input, want := cases(t, "chisel/manifest.txtar")
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range input {
		c := extract(t, Chisel(), "var/lib/chisel/manifest.wall", z.EncodeAll([]byte(text), nil))
		sound(t, c)
		if diff := cmp.Diff(want[name], tell(c)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, content := range map[string][]byte{
		"not zstd":  []byte("{\"jsonwall\":\"1.0\"}\n"),
		"no header": z.EncodeAll([]byte("{\"kind\":\"package\"}\n"), nil),
		"cut short": z.EncodeAll([]byte(input["plain/"]), nil)[:40],
	} {
		if _, err := chisel(t.Context(), "manifest.wall", section(content)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
