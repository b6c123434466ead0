package language

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/layer"
)

var programme = layer.File{Path: "usr/local/bin/shop", Mode: 0o755}

// goBuild builds a module of one main package that replaces a dependency by a
// folder, so that nothing has to be fetched.
func goBuild(t testing.TB, env []string, args ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":      "module example.com/Shop\n\ngo 1.21\n\nrequire example.com/cart v1.2.3\n\nreplace example.com/cart => ./cart\n",
		"main.go":     "package main\n\nimport \"example.com/cart\"\n\nfunc main() { cart.Fill() }\n",
		"cart/go.mod": "module example.com/cart\n",
		"cart/c.go":   "package cart\n\nfunc Fill() { println(1) }\n",
		"alone/a.go":  "package main\n\nfunc main() {}\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "shop")
	cmd := exec.Command("go", append([]string{"build", "-o", out}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append([]string{"GOOS=linux", "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0"}, env...)...)
	if message, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, message)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// goVersionM is what `go version -m` says of a binary, as a listing.
func goVersionM(t *testing.T, content []byte) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(file, content, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "version", "-m", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, line := range strings.Split(string(out), "\n") {
		fields := strings.Fields(line)
		switch {
		case i == 0:
			release := strings.TrimPrefix(fields[1], "go")
			if strings.Count(release, ".") == 1 {
				release += ".0"
			}
			all = append(all, "stdlib "+release)
		case len(fields) < 3:
		case fields[0] == "mod" || fields[0] == "dep":
			all = append(all, fields[1]+" "+strings.TrimPrefix(fields[2], "(devel)"))
		case fields[0] == "=>": // only folders here: the name stays, the version goes
			last := len(all) - 1
			all[last] = strings.Fields(all[last])[0] + " "
		}
	}
	slices.Sort(all)
	return all
}

// noSections is what sstrip leaves: an ELF file without a section table.
func noSections(content []byte) []byte {
	stripped := slices.Clone(content)
	clear(stripped[0x28:0x30]) // e_shoff
	clear(stripped[0x3a:0x40]) // e_shentsize, e_shnum, e_shstrndx
	return stripped
}

// TestGo compares with `go version -m` over the ways of building.
func TestGo(t *testing.T) {
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	plain := goBuild(t, nil, ".")
	for name, content := range map[string][]byte{
		"a test binary":        self,
		"plain":                plain,
		"stripped":             goBuild(t, nil, "-ldflags=-s -w", "."),
		"position independent": goBuild(t, nil, "-buildmode=pie", "."),
		"a file by name":       goBuild(t, nil, "alone/a.go"),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := offer(t, Binary(), programme, content)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(goVersionM(t, content), listing(c)); diff != "" {
				t.Errorf("go version -m (-), ours (+):\n%s", diff)
			}
			if len(c.Gaps) > 0 {
				t.Errorf("gaps %v", c.Gaps)
			}
		})
	}
	t.Run("without section table", func(t *testing.T) {
		c, err := offer(t, Binary(), programme, noSections(plain))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(goVersionM(t, plain), listing(c)); diff != "" {
			t.Errorf("go version -m (-), ours (+):\n%s", diff)
		}
	})
	t.Run("purls", func(t *testing.T) {
		c, _ := offer(t, Binary(), programme, plain)
		if p := c.Packages[0]; p.PURL != "pkg:golang/example.com/shop" || p.Ecosystem != "Go" || p.Path != programme.Path {
			t.Errorf("%+v", p)
		}
	})
}

// TestGoToolchain reads the go command that builds this test, as installed.
func TestGoToolchain(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT", "GOVERSION", "GOTOOLDIR").Output()
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Fields(string(root))
	if released := len(env) == 3 && strings.HasPrefix(env[1], "go1."); !released && os.Getenv("CI") != "" {
		t.Fatalf("a development build of Go has no version: %q", env)
	} else if !released {
		t.Skipf("a development build of Go has no version: %q", env)
	}
	for file, names := range map[string][]string{
		filepath.Join(env[0], "bin", "go"):    {"stdlib", "toolchain"},
		filepath.Join(env[0], "bin", "gofmt"): {"stdlib"},
		filepath.Join(env[2], "compile"):      {"stdlib"},
	} {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := offer(t, Binary(), layer.File{Path: strings.TrimPrefix(file, "/"), Mode: 0o755}, content)
		if err != nil || c == nil || len(c.Gaps) > 0 {
			t.Fatalf("%s: %+v, %v", file, c, err)
		}
		release := strings.TrimPrefix(goVersionM(t, content)[0], "stdlib ")
		var want []string
		for _, name := range names {
			want = append(want, name+" "+release)
		}
		if diff := cmp.Diff(want, listing(c)); diff != "" {
			t.Errorf("%s: want (-), ours (+):\n%s", file, diff)
		}
		for _, p := range c.Packages {
			if p.Type != "golang" || p.Ecosystem != "Go" || p.PURL != "pkg:golang/"+p.Name+"@"+release {
				t.Errorf("%s: %+v", file, p)
			}
		}
	}
}

// TestGoDoubt: a Go programme that does not tell what it is made of is a gap.
func TestGoDoubt(t *testing.T) {
	plain := goBuild(t, nil, ".")
	renamed := func(from, to string) []byte { return bytes.ReplaceAll(plain, []byte(from), []byte(to)) }
	packed := noSections(plain)
	copy(packed[236:], "UPX!") // where UPX 3 and 4 put it, after three program headers
	for name, content := range map[string][]byte{
		"without modules":     goBuild(t, []string{"GO111MODULE=off"}, "./alone"),
		"no build info":       renamed(".go.buildinfo\x00", ".xx.buildinfo\x00"),
		"packed by UPX":       packed,
		"broken build info":   renamed("\xff Go buildinf:", "\xff Go xxxxxxxx:"),
		"cut before sections": plain[:len(plain)/2],
	} {
		c, err := offer(t, Binary(), programme, content)
		if err == nil && (c == nil || len(c.Gaps) != 1 || c.Gaps[0].Kind != finding.Unknowable || c.Gaps[0].Subject != programme.Path) {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if c, err := offer(t, Binary(), layer.File{Path: "lib/x.so", Mode: 0o644}, plain[:len(plain)/2]); c != nil || err != nil {
		t.Errorf("half a library that cannot run: %v, %v", c, err)
	}
}

func TestGoVersion(t *testing.T) {
	for toolchain, want := range map[string]string{
		"go1.21.3": "1.21.3", "go1.20": "1.20.0", "go1.9.7": "1.9.7",
		"go1.22rc1": "1.22.0-rc.1", "go1.18beta2": "1.18.0-beta.2",
		"go1.21.3 X:boringcrypto": "1.21.3", "go1.19.6-dist": "1.19.6", "go1.24.0+auto": "1.24.0",
		"go1.22.5 (Red Hat 1.22.5-1.el9)": "1.22.5",
		"devel +a813be86df Mon Jan 1":     "", "devel go1.23-8ec8dd2b Mon Jan 1": "",
		"": "", "gccgo": "", "go1": "", "go1.21x": "",
	} {
		if got := goVersion(toolchain); got != want {
			t.Errorf("goVersion(%q) = %q, want %q", toolchain, got, want)
		}
	}
}

// elfWith is a 64-bit programme for a little-endian machine that consists of
// one section, all of it loaded at elfAddress.
const elfAddress = 0x400000

func elfWith(name string, data []byte) []byte {
	names := "\x00.shstrtab\x00" + name + "\x00"
	le := binary.LittleEndian
	b := make([]byte, 64+56+8) // the section lies at a multiple of 16
	copy(b, "\x7fELF\x02\x01\x01")
	le.PutUint16(b[16:], 2)  // ET_EXEC
	le.PutUint16(b[18:], 62) // x86-64
	le.PutUint32(b[20:], 1)
	dataAt := uint64(len(b))
	b = append(b, data...)
	namesAt := uint64(len(b))
	b = append(b, names...)
	le.PutUint64(b[40:], uint64(len(b))) // e_shoff
	le.PutUint16(b[52:], 64)
	le.PutUint16(b[54:], 56)
	le.PutUint16(b[58:], 64)
	le.PutUint16(b[60:], 3)
	le.PutUint16(b[62:], 1)
	le.PutUint64(b[32:], 64) // e_phoff
	le.PutUint16(b[56:], 1)
	le.PutUint32(b[64:], 1) // PT_LOAD
	le.PutUint32(b[68:], 6) // readable, writable
	le.PutUint64(b[80:], elfAddress)
	le.PutUint64(b[96:], uint64(len(b)))
	le.PutUint64(b[104:], uint64(len(b)))
	section := func(nameAt, kind uint32, at, size uint64) {
		s := make([]byte, 64)
		le.PutUint32(s, nameAt)
		le.PutUint32(s[4:], kind)
		le.PutUint64(s[16:], elfAddress+at)
		le.PutUint64(s[24:], at)
		le.PutUint64(s[32:], size)
		b = append(b, s...)
	}
	section(0, 0, 0, 0)
	section(1, 3, namesAt, uint64(len(names)))
	section(11, 1, dataAt, uint64(len(data)))
	return b
}

// TestRust reads the section of a real build (testdata/make.sh) and compares
// with `cargo tree`.
func TestRust(t *testing.T) {
	record, err := os.ReadFile("testdata/shop.dep-v0")
	if err != nil {
		t.Fatal(err)
	}
	crates, err := os.ReadFile("testdata/shop.crates")
	if err != nil {
		t.Fatal(err)
	}
	c, err := offer(t, Binary(), programme, elfWith(".dep-v0", record))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(crates)), "\n"), listing(c)); diff != "" {
		t.Errorf("cargo tree (-), ours (+):\n%s", diff)
	}
	if p := c.Packages[0]; p.PURL != "pkg:cargo/libc@0.2.191" || p.Ecosystem != "crates.io" {
		t.Errorf("%+v", p)
	}
	for name, broken := range map[string][]byte{"cut": record[:100], "no zlib": []byte("{}"), "empty": {}} {
		if c, err := offer(t, Binary(), programme, elfWith(".dep-v0", broken)); err == nil {
			t.Errorf("%s: %v", name, c)
		}
	}
}

// counting counts what is read.
type counting struct {
	io.ReaderAt
	bytes, calls int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.bytes += len(p)
	c.calls++
	return c.ReaderAt.ReadAt(p, off)
}

// TestPlainBinary: what is neither Go nor Rust costs its tables and is no
// doubt, with and without sections.
func TestPlainBinary(t *testing.T) {
	shell, err := filepath.EvalSymlinks("/bin/bash")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no /bin/bash to look at: apt-get install bash")
		}
		t.Skip("no /bin/bash to look at: apt-get install bash")
	}
	content, err := os.ReadFile(shell)
	if err != nil {
		t.Fatal(err)
	}
	r := &counting{ReaderAt: bytes.NewReader(content)}
	size := int64(len(content))
	if c, err := Binary().Extract(t.Context(), layer.File{Path: "bin/bash", Mode: 0o755, Size: size}, io.NewSectionReader(r, 0, size)); c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
	if r.bytes > 8<<10 || r.calls > 8 {
		t.Errorf("read %d bytes in %d calls of a binary of %d", r.bytes, r.calls, size)
	}
	if c, err := offer(t, Binary(), programme, noSections(content)); c != nil || err != nil {
		t.Errorf("without sections: %v, %v", c, err)
	}
}

func TestWantBinary(t *testing.T) {
	elf := elfWith("x", nil)
	object := slices.Clone(elf)
	object[16] = 1 // ET_REL: a kernel module
	for _, test := range []struct {
		path string
		mode uint32
		head []byte
		want bool
	}{
		{"bin/a", 0o755, elf, true}, {"bin/a", 0o100, elf, true}, {"bin/a", 0o644, elf, false},
		{"lib/a.so", 0o644, elf, true}, {"lib/a.so.1.2", 0o644, elf, true}, {"lib/a.node", 0o644, elf, true},
		{"lib/a.ko", 0o755, object, false}, {"bin/a", 0o755, []byte("#!/bin/sh\n" + strings.Repeat(" ", 100)), false},
		{"bin/a", 0o755, []byte("\x7fELF"), false},
	} {
		f := layer.File{Path: test.path, Mode: os.FileMode(test.mode), Size: int64(len(test.head))}
		want := Binary().Want(f)
		if got := want == layer.Peek && Binary().Peek(f, test.head); got != test.want {
			t.Errorf("%s %o: %v", test.path, test.mode, got)
		}
	}
}
