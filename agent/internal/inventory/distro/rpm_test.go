package distro

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/adler32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/inventory"
)

// truth is what rpm itself says of a database: packages as told, and the
// owners of files.
type truth struct{ packages, files []string }

// rpmTruth reads rpm's answers as testdata/rpm/make.sh writes them.
func rpmTruth(packages, files string) truth {
	var t truth
	for line := range strings.Lines(packages) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if f[0] == "gpg-pubkey" {
			continue
		}
		epoch := ""
		if f[1] != "0" {
			epoch = f[1] + ":"
		}
		for i := range f {
			if f[i] == "(none)" {
				f[i] = ""
			}
		}
		// name-version-release.src.rpm, cut from its end.
		parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(f[4], ".rpm"), ".src"), "-")
		n := len(parts)
		t.packages = append(t.packages, strings.Join([]string{f[0], epoch + f[2], f[3],
			strings.Join(parts[:n-2], "-"), epoch + parts[n-2] + "-" + parts[n-1], f[5]}, "\t"))
	}
	for line := range strings.Lines(files) {
		owner, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if name != "/" && name != "" {
			t.files = append(t.files, owner+" "+strings.TrimPrefix(name, "/"))
		}
	}
	slices.Sort(t.packages)
	slices.Sort(t.files)
	return t
}

const rpmQuery = `%{NAME}\t%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{MODULARITYLABEL}\n`

// check compares contents with the truth.
func (want truth) check(t *testing.T, c *inventory.Contents) {
	t.Helper()
	sound(t, c)
	var got truth
	for _, p := range c.Packages {
		got.packages = append(got.packages, told(p))
	}
	for _, o := range c.Owned {
		for _, f := range o.Files {
			got.files = append(got.files, o.Package+" "+f)
		}
	}
	slices.Sort(got.packages)
	slices.Sort(got.files)
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(truth{})); diff != "" {
		t.Errorf("rpm says otherwise (-rpm +ours):\n%s", diff)
	}
	if len(c.Gaps) > 0 {
		t.Errorf("gaps: %v", c.Gaps)
	}
}

// TestRPM reads the same packages from each form of database.
func TestRPM(t *testing.T) {
	want := rpmTruth(string(read(t, "rpm/packages.tsv")), string(read(t, "rpm/files.tsv")))
	sqlite := read(t, "rpm/rpmdb.sqlite")
	t.Run("sqlite", func(t *testing.T) {
		c := extract(t, RPM(), "var/lib/rpm/rpmdb.sqlite", sqlite)
		want.check(t, c)
	})
	t.Run("bdb", func(t *testing.T) {
		want.check(t, extract(t, RPM(), "var/lib/rpm/Packages", read(t, "rpm/Packages")))
	})
	t.Run("ndb", func(t *testing.T) {
		want.check(t, extract(t, RPM(), "var/lib/rpm/Packages.db", ndb(t, sqlite)))
	})
}

// TestRPMFresh has rpm make a larger database, with pages of every kind, and
// compares with its answers.
func TestRPMFresh(t *testing.T) {
	tool(t, "rpmbuild", "rpm")
	out := t.TempDir()
	cmd := exec.Command("sh", "testdata/rpm/make.sh", out)
	cmd.Env = append(os.Environ(), "DOCS=500")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	file := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	want := rpmTruth(string(file("packages.tsv")), string(file("files.tsv")))
	want.check(t, extract(t, RPM(), "var/lib/rpm/rpmdb.sqlite", file("rpmdb.sqlite")))
	want.check(t, extract(t, RPM(), "var/lib/rpm/Packages.db", ndb(t, file("rpmdb.sqlite"))))
	if _, err := exec.LookPath("db5.3_load"); err == nil {
		want.check(t, extract(t, RPM(), "var/lib/rpm/Packages", file("Packages")))
	}
}

// TestRPMReal compares with rpm on databases of real images.
func TestRPMReal(t *testing.T) {
	for name, backend := range map[string]string{
		"cbl-mariner-2.0/rpmdb.sqlite": "sqlite",
		"libuuid/Packages":             "bdb_ro",
	} {
		t.Run(name, func(t *testing.T) {
			content, err := os.ReadFile(shared(t, "rpmdb/"+name))
			if err != nil {
				t.Fatal(err)
			}
			tool(t, "rpm", "rpm")
			folder := t.TempDir() // rpm writes beside a database that it reads
			if err := os.WriteFile(filepath.Join(folder, filepath.Base(name)), content, 0o600); err != nil {
				t.Fatal(err)
			}
			query := func(format string) string {
				return output(t, "rpm", "--dbpath", folder, "--define", "_db_backend "+backend, "-qa", "--qf", format)
			}
			want := rpmTruth(query(rpmQuery), query(`[%{=NAME}\t%{FILENAMES}\n]`))
			if len(want.packages) == 0 {
				t.Fatal("rpm says that there are no packages")
			}
			want.check(t, extract(t, RPM(), "var/lib/rpm/"+filepath.Base(name), content))
		})
	}
}

// TestRPMRealNDB reads an ndb file that SUSE's rpm wrote; Debian's cannot read
// it. The facts are those of the image: SLE 15 SP3 BCI has 35 packages.
func TestRPMRealNDB(t *testing.T) {
	content, err := os.ReadFile(shared(t, "rpmdb/sle15-bci/Packages.db"))
	if err != nil {
		t.Fatal(err)
	}
	c := extract(t, RPM(), "usr/lib/sysimage/rpm/Packages.db", content)
	sound(t, c)
	if len(c.Packages) != 35 || len(c.Gaps) != 0 {
		t.Errorf("%d packages, gaps %v", len(c.Packages), c.Gaps)
	}
	var got []string
	for _, p := range c.Packages {
		if p.Name == "libz1" || p.Name == "libgcc_s1" || p.Name == "sles-release" {
			got = append(got, strings.ReplaceAll(told(p), "\t", " "))
		}
	}
	slices.Sort(got)
	want := []string{
		"libgcc_s1 11.2.1+git610-1.3.9 x86_64 gcc11 11.2.1+git610-1.3.9 ",
		"libz1 1.2.11-3.21.1 x86_64 zlib 1.2.11-3.21.1 ",
		"sles-release 15.3-55.4.1 x86_64 sles-release 15.3-55.4.1 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// ndb packs the headers of an SQLite database into rpm's own form, as
// rpmpkg.c lays it out: Debian's rpm is built without it.
func ndb(t testing.TB, sqlite []byte) []byte {
	t.Helper()
	le := binary.LittleEndian
	file := make([]byte, ndbPage)
	copy(file, "RpmP")
	le.PutUint32(file[12:], 1) // one page of slots
	for i := 2 * ndbSlot; i < ndbPage; i += ndbSlot {
		copy(file[i:], "Slot")
	}
	all, err := sqliteHeaders(&rpmFile{bytes.NewReader(sqlite), int64(len(sqlite)), int64(len(sqlite))})
	if err != nil {
		t.Fatal(err)
	}
	number := uint32(1) // package 1 is free again: it was removed
	for header, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		number++
		blocks := (ndbHead + len(header) + ndbTail + ndbBlock - 1) / ndbBlock
		slot := file[int(number)*ndbSlot:]
		le.PutUint32(slot[4:], number)
		le.PutUint32(slot[8:], uint32(len(file)/ndbBlock))
		le.PutUint32(slot[12:], uint32(blocks))
		blob := make([]byte, blocks*ndbBlock)
		copy(blob, "BlbS")
		le.PutUint32(blob[4:], number)
		le.PutUint32(blob[12:], uint32(len(header)))
		copy(blob[ndbHead:], header)
		tail := blob[len(blob)-ndbTail:]
		le.PutUint32(tail, adler32.Checksum(blob[:len(blob)-ndbTail]))
		le.PutUint32(tail[4:], uint32(len(header)))
		copy(tail[8:], "BlbE")
		file = append(file, blob...)
	}
	return file
}

// TestRPMDamage flips bytes: a damaged database is either read in full or told
// of. (Bytes of names and of what no parser reads make no difference.)
func TestRPMDamage(t *testing.T) {
	sqlite := read(t, "rpm/rpmdb.sqlite")
	for name, file := range map[string][]byte{
		"rpmdb.sqlite": sqlite, "Packages": read(t, "rpm/Packages"), "Packages.db": ndb(t, sqlite),
	} {
		whole := len(extract(t, RPM(), "var/lib/rpm/"+name, file).Packages)
		missing := 0
		for at := 0; at < len(file); at += 1 + at/64 {
			damaged := bytes.Clone(file)
			damaged[at] ^= 0xff
			c, err := rpm(context.Background(), "var/lib/rpm/"+name, section(damaged))
			if err != nil {
				if strings.Contains(err.Error(), "\n") {
					t.Errorf("%s: byte %d flipped: an error of several lines: %v", name, at, err)
				}
				continue
			}
			sound(t, c)
			if len(c.Packages) < whole && len(c.Gaps) == 0 {
				missing++
				t.Logf("%s: byte %d flipped: %d of %d packages and no gap", name, at, len(c.Packages), whole)
			}
		}
		if missing > 0 {
			t.Errorf("%s: %d flipped bytes hide packages", name, missing)
		}
		for _, size := range []int{0, 1, 15, 16, 99, 100, 4096, len(file) / 2, len(file) - 1} {
			c, err := rpm(context.Background(), "var/lib/rpm/"+name, section(file[:size]))
			if err == nil && len(c.Gaps) == 0 {
				t.Errorf("%s cut to %d of %d bytes: no error and no gap", name, size, len(file))
			}
		}
	}
}

// TestRPMHeader has the cases that no healthy database has.
func TestRPMHeader(t *testing.T) {
	type entry struct {
		tag, kind, count uint32
		value            string
	}
	header := func(entries ...entry) []byte {
		var index, data []byte
		for _, e := range entries {
			for _, n := range []uint32{e.tag, e.kind, uint32(len(data)), e.count} {
				index = binary.BigEndian.AppendUint32(index, n)
			}
			data = append(data, e.value...)
		}
		head := binary.BigEndian.AppendUint32(nil, uint32(len(entries)))
		head = binary.BigEndian.AppendUint32(head, uint32(len(data)))
		return slices.Concat(head, index, data)
	}
	base := []entry{{tagName, typeString, 1, "a\x00"}, {tagVersion, typeString, 1, "1\x00"}, {tagRelease, typeString, 1, "2\x00"}}
	tests := []struct {
		name  string
		extra []entry
		want  string
	}{
		{"plain", nil, "package a 1-2  a 1-2 \n"},
		{"a later tag counts", []entry{{tagName, typeString, 1, "b\x00"}}, "package b 1-2  b 1-2 \n"},
		{"epoch 0 is none", []entry{{tagEpoch, typeInt32, 1, "\x00\x00\x00\x00"}}, "package a 1-2  a 1-2 \n"},
		{"epoch and source", []entry{{tagEpoch, typeInt32, 1, "\x00\x00\x00\x07"}, {tagSourceRPM, typeString, 1, "s-o-3-4.src.rpm\x00"}}, "package a 7:1-2  s-o 7:3-4 \n"},
		{"no source rpm", []entry{{tagSourceRPM, typeString, 1, "(none)\x00"}}, "package a 1-2  a 1-2 \n"},
		{"a key", []entry{{tagName, typeString, 1, "gpg-pubkey\x00"}}, ""},
		{"name of a wrong type", []entry{{tagName, typeInt32, 1, "\x00\x00\x00\x00"}}, "gap"},
		{"name without an end", []entry{{tagName, typeString, 1, "xyz"}}, "gap"},
		{"folder index too large", []entry{
			{tagBaseNames, typeStringArray, 1, "f\x00"}, {tagDirNames, typeStringArray, 1, "/d/\x00"}, {tagDirIndexes, typeInt32, 1, "\x00\x00\x00\x01"}}, "package a 1-2  a 1-2 \ngap"},
		{"more names than there are", []entry{
			{tagBaseNames, typeStringArray, 1 << 31, "f\x00"}, {tagDirNames, typeStringArray, 1 << 31, "/d/\x00"}, {tagDirIndexes, typeInt32, 1, "\x00\x00\x00\x00"}}, "package a 1-2  a 1-2 \ngap"},
		{"an absurd name", []entry{{tagName, typeString, 1, strings.Repeat("n", 2000) + "\x00"}}, "gap"},
	}
	for _, test := range tests {
		l := newLedger("Packages")
		if err := l.addHeader(header(append(slices.Clone(base), test.extra...)...)); err != nil {
			l.gap("unreadable", "%v", err)
		}
		got := tell(l.contents())
		if test.want == got || strings.HasSuffix(test.want, "gap") && strings.HasPrefix(got, test.want) {
			continue
		}
		t.Errorf("%s: got %q, want %q", test.name, got, test.want)
	}
}

func TestSourceRPM(t *testing.T) {
	for file, want := range map[string]string{
		"openssl-1.1.1k-6.el8_5.src.rpm":      "openssl 1.1.1k-6.el8_5",
		"java-17-openjdk-17.0.1-1.nosrc.rpm":  "java-17-openjdk 17.0.1-1",
		"gcc11-11.2.1+git610-1.3.9.src.rpm":   "gcc11 11.2.1+git610-1.3.9",
		"(none)":                              " ",
		"":                                    " ",
		"broken.src.rpm":                      " ",
		"-1-2.src.rpm":                        " ",
		"openssl-1.1.1k-6.el8_5.x86_64.other": " ",
	} {
		name, version := sourceRPM(file)
		if got := name + " " + version; got != want {
			t.Errorf("sourceRPM(%q) = %q, want %q", file, got, want)
		}
	}
}

func TestRPMLog(t *testing.T) {
	c := extract(t, RPMLog(), "var/lib/rpm/rpmdb.sqlite-wal", make([]byte, 4128))
	if len(c.Gaps) != 1 || !strings.Contains(c.Gaps[0].Reason, strconv.Itoa(4128)) {
		t.Errorf("%+v", c)
	}
}

func TestRPMManifest(t *testing.T) {
	// The form of the query that writes it, with facts of a CBL-Mariner image.
	text := "busybox\t1.35.0-13.cm2\t1718000000\t1717000000\tMicrosoft Corporation\t(none)\t1234\tx86_64\t0\tbusybox-1.35.0-13.cm2.src.rpm\n" +
		"openssl-libs\t1.1.1k-30.cm2\t1718000000\t1717000000\tMicrosoft Corporation\t1\t1234\tx86_64\t1\topenssl-1.1.1k-30.cm2.src.rpm\n" +
		"broken line\n"
	got := tell(extract(t, RPMManifest(), "var/lib/rpmmanifest/container-manifest-2", []byte(text)))
	want := "package busybox 1.35.0-13.cm2 x86_64 busybox 1.35.0-13.cm2 \n" +
		"package openssl-libs 1:1.1.1k-30.cm2 x86_64 openssl 1:1.1.1k-30.cm2 \n" +
		"gap unreadable line 3 of the rpm manifest is not a package's ten fields\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
