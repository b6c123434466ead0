package feed

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// kept is a Sink that keeps the records, and counts the reasons of the rest.
type kept struct {
	records []*advisory.Record
	skipped map[string]int
	fail    error // returned for every record
}

func (k *kept) Record(r *advisory.Record) error {
	k.records = append(k.records, r)
	return k.fail
}
func (k *kept) Facts(string, advisory.Facts) error { return nil }
func (k *kept) Date(time.Time)                     {}
func (k *kept) Skip(reason, _ string) {
	if k.skipped == nil {
		k.skipped = make(map[string]int)
	}
	k.skipped[reason]++
}

// affected are the statements about a package in a module ("" for none).
func (k *kept) affected(ecosystem, name, module string) []advisory.Affected {
	var list []advisory.Affected
	for _, r := range k.records {
		for _, a := range r.Affected {
			if a.Ecosystem == ecosystem && a.Package == name && a.Module == module {
				list = append(list, a)
			}
		}
	}
	return list
}

// realRedHat reads a real document, below ../shared/data/samples, after a
// change to its text.
func realRedHat(t *testing.T, name string, change *strings.Replacer) *kept {
	t.Helper()
	shared := os.Getenv("LAYERGATE_SHARED")
	if shared == "" {
		shared = "../../../../../shared"
	}
	data, err := os.ReadFile(filepath.Join(shared, "data/samples", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("no shared data here")
	}
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		data = []byte(change.Replace(string(data)))
	}
	const at = "redhat-vex/2024/cve-2024-0001.json"
	out := new(kept)
	if err := readRedHat(context.Background(), fstest.MapFS{at: {Data: data}}, Unit{Source: "Red Hat", Path: at}, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// asVEX makes a VEX document of an advisory: they differ in the category and
// in what they are called.
var asVEX = strings.NewReplacer(
	`"category": "csaf_security_advisory"`, `"category": "csaf_vex"`, `"category":"csaf_security_advisory"`, `"category":"csaf_vex"`)

func TestRedHatRealDocuments(t *testing.T) {
	// curl was fixed in RHEL 9's main stream twice, not affected in 6, 7 and
	// 8; what was fixed in Satellite and for EUS is not RHEL 9's.
	curl := realRedHat(t, "redhat-vex/cve-2023-38545.json", nil)
	if len(curl.records) != 1 || curl.records[0].ID != "REDHAT-CVE-2023-38545" {
		t.Fatalf("got %+v", curl.records)
	}
	var names []string
	for _, a := range curl.records[0].Affected {
		names = append(names, a.Ecosystem+" "+a.Package)
		if diff := cmp.Diff(ranges(a), "introduced 0, fixed 7.76.1-23.el9_2.4, introduced 7.76.1-23.el9_3, fixed 7.76.1-26.el9_3.2"); diff != "" {
			t.Errorf("%s: %s", a.Package, diff)
		}
	}
	want := []string{"Red Hat:9 curl", "Red Hat:9 curl-minimal", "Red Hat:9 libcurl", "Red Hat:9 libcurl-devel", "Red Hat:9 libcurl-minimal"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, name := range []string{"cve-2023-42670", "cve-2023-4154"} { // samba: not affected anywhere
		if out := realRedHat(t, "redhat-vex/"+name+".json", nil); len(out.records) != 0 || out.skipped["not affected"] != 1 {
			t.Errorf("%s: got %+v, skipped %v", name, out.records, out.skipped)
		}
	}
	if out := realRedHat(t, "redhat-vex/cve-2024-24786-simple.json", nil); len(out.records) != 0 || out.skipped["not Red Hat Enterprise Linux"] != 1 {
		t.Errorf("OpenShift: got %+v, skipped %v", out.records, out.skipped)
	}
	if out := realRedHat(t, "redhat-csaf/rhsa-2023_7025.json", nil); len(out.records) != 0 || out.skipped["not a VEX document"] != 1 {
		t.Errorf("an advisory: got %+v, skipped %v", out.records, out.skipped)
	}
}

func TestRedHatRealProducts(t *testing.T) {
	ruby := realRedHat(t, "redhat-csaf/rhsa-2023_7025.json", asVEX)
	if len(ruby.records) != 4 { // CVEs in it
		t.Errorf("%d records", len(ruby.records))
	}
	for _, a := range ruby.records[0].Affected {
		if a.Ecosystem != "Red Hat:8" || a.Module != "ruby:2.5" || len(a.Ranges) != 1 || !strings.Contains(ranges(a), ".module+el8.9.0+19193+435404ae") {
			t.Errorf("got %+v", a)
		}
	}
	if got := ruby.affected("Red Hat:8", "ruby-libs", "ruby:2.5"); len(got) != 4 || ranges(got[0]) != "introduced 0, fixed 2.5.9-111.module+el8.9.0+19193+435404ae" {
		t.Errorf("ruby-libs: %+v", got)
	}
	bind := realRedHat(t, "redhat-csaf/rhsa-2025_23414.json", asVEX)
	if got := bind.affected("Red Hat:6", "bind-libs", ""); len(got) != 2 || got[0].FixState != finding.WillNotFix || ranges(got[0]) != "introduced 0, limit 32:9.8.2-0.68.rc1.el6_10.17" {
		t.Errorf("bind-libs: %+v", got)
	}
	python := realRedHat(t, "redhat-csaf/rhsa-2024_6163.json", asVEX)
	if got := python.affected("Red Hat:9", "python3.9", ""); len(got) != 1 || ranges(got[0]) != "introduced 0, fixed 3.9.18-3.el9_4.5" {
		t.Errorf("python3.9, of which only the source is named: %+v", got)
	}
}

// ranges writes out the events of a statement.
func ranges(a advisory.Affected) string {
	var texts []string
	for _, r := range a.Ranges {
		for _, e := range r.Events {
			texts = append(texts, [...]string{"introduced", "fixed", "last_affected", "limit"}[e.Kind]+" "+e.Version)
		}
	}
	return strings.Join(texts, ", ")
}

func TestRedHatRelease(t *testing.T) {
	for cpe, want := range map[string]string{
		"cpe:/o:redhat:enterprise_linux:8":              "8 main",
		"cpe:/a:redhat:enterprise_linux:8::appstream":   "8 main",
		"cpe:/o:redhat:enterprise_linux:9::baseos":      "9 main",
		"cpe:/a:redhat:enterprise_linux:9::crb":         "9 main",
		"cpe:/o:redhat:enterprise_linux:7::computenode": "7 main",
		"cpe:/o:redhat:enterprise_linux:10.0":           "10 main",
		"cpe:/o:redhat:enterprise_linux:10.1":           "10 main",
		"cpe:/o:redhat:rhel_els:7":                      "7 els",
		"cpe:/o:redhat:enterprise_linux_els:10.9":       "10 els",
		"cpe:/a:redhat:rhel_eus:9.2::appstream":         "9 extended",
		"cpe:/a:redhat:rhel_eus_long_life:9.4":          "9 extended",
		"cpe:/o:redhat:enterprise_linux_eus:10.0":       "10 extended",
		"cpe:/o:redhat:rhel_aus:7.4::server":            "7 extended",
		"cpe:/a:redhat:rhel_tus:8.6::appstream":         "8 extended",
		"cpe:/a:redhat:rhel_e4s:9.0::appstream":         "9 extended",
		"cpe:/a:redhat:rhel_extras:7":                   "7 extended",
		"cpe:/a:redhat:rhel_extras_sap_hana:7":          "7 extended",
		"cpe:/a:redhat:rhel_satellite_client:6::el6":    " other",
		"cpe:/a:redhat:rhel_software_collections:3":     " other",
		"cpe:/a:redhat:openshift:4.16::el9":             " other",
		"cpe:/a:redhat:enterprise_linux_ai:1.5::el9":    " other",
		"cpe:/o:centos:enterprise_linux:8":              " other",
		"cpe:/o:redhat:enterprise_linux:":               " other",
		"cpe:/o:redhat:enterprise_linux:x":              " other",
		"cpe:/o:redhat:enterprise_linux":                " other",
		"":                                              " other",
	} {
		major, stream := redhatRelease(cpe)
		if got := major + " " + [...]string{"other", "main", "els", "extended"}[stream]; got != want {
			t.Errorf("%s: got %q, want %q", cpe, got, want)
		}
	}
}

func TestRedHatComponent(t *testing.T) {
	for purl, want := range map[string]redhatProduct{
		"pkg:rpm/redhat/libcurl":                                                                               {redhatPackage: redhatPackage{name: "libcurl"}},
		"pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64":                                                    {redhatPackage: redhatPackage{name: "curl"}, version: "7.76.1-26.el9_3.2"},
		"pkg:rpm/redhat/glibc@2.34-231.el9_7.10?arch=src&epoch=0":                                              {redhatPackage: redhatPackage{name: "glibc", source: true}, version: "2.34-231.el9_7.10"},
		"pkg:rpm/redhat/bind@9.8.2-0.68.rc1.el6_10.17?arch=x86_64&epoch=32":                                    {redhatPackage: redhatPackage{name: "bind"}, version: "32:9.8.2-0.68.rc1.el6_10.17"},
		"pkg:rpm/redhat/libstdc%2B%2B@8.5.0-4.el8?arch=i686":                                                   {redhatPackage: redhatPackage{name: "libstdc++"}, version: "8.5.0-4.el8"},
		"pkg:rpm/redhat/ruby@2.5.9-111.module%2Bel8.9.0?arch=src&rpmmod=ruby:2.5:8090020230627084142:b46abd14": {redhatPackage: redhatPackage{name: "ruby", module: "ruby:2.5", source: true}, version: "2.5.9-111.module+el8.9.0"},
		"pkg:rpm/redhat/ruby?arch=src&rpmmod=ruby:3.1":                                                         {redhatPackage: redhatPackage{name: "ruby", module: "ruby:3.1", source: true}},
		"pkg:rpmmod/redhat/ruby:2.6/ruby":                                                                      {redhatPackage: redhatPackage{name: "ruby", module: "ruby:2.6"}},
		"pkg:rpmmod/redhat/postgresql@12:8100020240814102525:489197e6":                                         {redhatPackage: redhatPackage{name: "postgresql", module: "postgresql:12"}, whole: true},
		"pkg:rpmmod/redhat/squid@4%3A8040020210420090912%3A522a0ee4?arch=ppc64le":                              {redhatPackage: redhatPackage{name: "squid", module: "squid:4"}, whole: true},
	} {
		var p redhatProduct
		if reason := p.component(purl); reason != "" || p != want {
			t.Errorf("%s: %q\ngot  %+v\nwant %+v", purl, reason, p, want)
		}
	}
	for purl, want := range map[string]string{
		"": "bad record: a component without a purl",
		"pkg:oci/ose-console?repository_url=registry.redhat.io/x": "not an rpm package of Red Hat's",
		"pkg:rpm/fedora/curl":                  "not an rpm package of Red Hat's",
		"pkg:rpm/redhat/":                      "bad record: purl",
		"pkg:rpm/redhat/a%0Ab":                 "bad record: purl",
		"pkg:rpm/redhat/curl@7%0A":             "bad record: purl",
		"pkg:rpm/redhat/curl?rpmmod=rhel10":    "bad record: a module without a stream",
		"pkg:rpm/redhat/curl?rpmmod=nodejs:":   "bad record: a module without a stream",
		"pkg:rpmmod/redhat/postgresql":         "bad record: a module without a stream",
		"pkg:rpmmod/redhat/postgresql/package": "bad record: a module without a stream",
	} {
		if reason := new(redhatProduct).component(purl); reason != want {
			t.Errorf("%s: got %q, want %q", purl, reason, want)
		}
	}
}

func TestFixedIn(t *testing.T) {
	for _, test := range []struct {
		name  string
		fixes string
		open  bool
		want  string
	}{
		{"one", "1-2.el9", false, "introduced 0, fixed 1-2.el9"},
		{"two minor releases", "1-26.el9_3.2 1-23.el9_2.4", false, "introduced 0, fixed 1-23.el9_2.4, introduced 1-23.el9_3, fixed 1-26.el9_3.2"},
		{"9 is before 10", "1-5.el8_10 1-5.el8_9.1", false, "introduced 0, fixed 1-5.el8_9.1"},
		{"a rebase for both", "115.4-1.el9_3 115.4-1.el9_2", false, "introduced 0, fixed 115.4-1.el9_2"},
		{"the next has it from the start", "1-26.el9 1-23.el9_2.4", false, "introduced 0, fixed 1-23.el9_2.4, introduced 1-23.el9_3, fixed 1-26.el9"},
		{"twice for one minor release", "1-23.el9_2.4 1-23.el9_2.6", false, "introduced 0, fixed 1-23.el9_2.6"},
		{"the first names no minor release", "1-3.el7 1-5.el7_9", false, "introduced 0, fixed 1-5.el7_9"},
		{"a rebuild is no minor release", "1-3.el7.1 1-5.el7.2", false, "introduced 0, fixed 1-5.el7.2"},
		{"modules", "2.5-110.module+el8.9.0+19193+43 2.5-112.module+el8.10.0+22222+55.1", false,
			"introduced 0, fixed 2.5-110.module+el8.9.0+19193+43, introduced 2.5-110.module+el8.10, fixed 2.5-112.module+el8.10.0+22222+55.1"},
		{"epochs", "1:1-2.el9_3 2-9.el9_2", false, "introduced 0, fixed 2-9.el9_2, introduced 2-9.el9_3, fixed 1:1-2.el9_3"},
		{"affected in the next", "1-23.el9_2.4", true, "introduced 0, fixed 1-23.el9_2.4, introduced 1-23.el9_3"},
		{"fixed and affected", "1-23.el9", true, "introduced 0"},
	} {
		if got := ranges(advisory.Affected{Ranges: []advisory.Range{fixedIn(strings.Fields(test.fixes), test.open)}}); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestRedHatStatuses checks what becomes of several statements about one
// package.
func TestRedHatStatuses(t *testing.T) {
	main := func(s redhatStatement) *redhatStatement { return &s }
	els := func(s redhatStatement) *redhatStatement { s.els = true; return &s }
	fixed := redhatStatement{status: vexFixed, redhatProduct: redhatProduct{version: "1-5.el7_9"}}
	open := redhatStatement{status: vexAffected, state: finding.NotFixed}
	never := redhatStatement{status: vexAffected, state: finding.WillNotFix}
	asked := redhatStatement{status: vexInvestigation}
	for _, test := range []struct {
		name  string
		group []*redhatStatement
		want  string
	}{
		{"fixed", []*redhatStatement{main(fixed)}, " introduced 0, fixed 1-5.el7_9"},
		{"fixed, and for ELS again", []*redhatStatement{main(fixed), els(fixed)}, " introduced 0, fixed 1-5.el7_9"},
		{"fixed, and affected elsewhere", []*redhatStatement{main(fixed), main(never)}, "will-not-fix introduced 0, fixed 1-5.el7_9, introduced 1-5.el7_10"},
		{"fixed, and asked elsewhere", []*redhatStatement{main(fixed), main(asked)}, " introduced 0, fixed 1-5.el7_9"},
		{"affected", []*redhatStatement{main(open)}, "not-fixed introduced 0"},
		{"will not fix", []*redhatStatement{main(never)}, "will-not-fix introduced 0"},
		{"will not fix here, will there", []*redhatStatement{main(never), main(open)}, "not-fixed introduced 0"},
		{"asked here, affected there", []*redhatStatement{main(asked), main(never)}, "will-not-fix introduced 0"},
		{"fixed for ELS only", []*redhatStatement{els(fixed)}, "will-not-fix introduced 0, limit 1-5.el7_9"},
		{"affected, fixed for ELS", []*redhatStatement{els(fixed), main(open)}, "will-not-fix introduced 0, limit 1-5.el7_9"},
		{"affected in ELS", []*redhatStatement{els(open)}, "will-not-fix introduced 0"},
		{"asked", []*redhatStatement{main(asked)}, "unknown introduced 0"},
	} {
		a := redhatAffected(test.group)
		if got := string(a.FixState) + " " + ranges(a); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", test.name, got, test.want)
		}
	}
}

// TestRedHatArchive checks archives that are not whole, or not archives.
func TestRedHatArchive(t *testing.T) {
	fixture, err := txtar.ParseFile("testdata/redhat.txtar")
	if err != nil {
		t.Fatal(err)
	}
	const at = "redhat-vex/csaf_vex_2025-11-22.tar.zst"
	whole := folder(t, fixture)[at].Data
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	plain, err := z.DecodeAll(whole, nil)
	if err != nil {
		t.Fatal(err)
	}
	second := bytes.Index(plain, []byte("2021/cve-2021-33621.json")) // where its header begins
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"cut short":            {whole[:len(whole)*2/3], "the file is cut short; fetch it again"},
		"cut between two":      {zstdOf(t, plain[:second]), "the file is cut short; fetch it again"},
		"cut before its end":   {zstdOf(t, bytes.TrimRight(plain, "\x00")), "the file is cut short; fetch it again"},
		"with something after": {zstdOf(t, append(bytes.Clone(plain), bytes.Repeat([]byte("x"), 1<<10)...)), "the file is cut short; fetch it again"},
		"with a lot after":     {zstdOf(t, append(bytes.Clone(plain), make([]byte, 1<<20)...)), "larger than any that is published"},
		"empty":                {nil, "no documents in it"},
		"of other things":      {tarOf(t, []txtar.File{{Name: "index.txt"}}), "no documents in it"},
		"not an archive":       {[]byte("<html>429</html>"), "invalid input: magic number mismatch"},
		"not of a tar":         {zstdOf(t, bytes.Repeat([]byte("x"), 1<<10)), "archive/tar: invalid tar header"},
		"a document too large": {zstdOf(t, headerOf(t, "2021/cve-2021-33621.json", maxDocument+1)), "2021/cve-2021-33621.json: larger than any that is published"},
	} {
		fsys := fstest.MapFS{at: {Data: test.data}}
		err := readRedHat(context.Background(), fsys, Unit{Source: "Red Hat", Path: at}, new(kept))
		if want := "reading " + at + ": " + test.want; err == nil || err.Error() != want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, want)
		}
	}
	fsys := fstest.MapFS{at: {Data: whole}, "redhat-vex/deletions.csv": {Data: []byte("2021/cve-2021-33621.json\n")}}
	err = readRedHat(context.Background(), fsys, Unit{Source: "Red Hat", Path: at}, new(kept))
	if err == nil || !strings.HasPrefix(err.Error(), "reading redhat-vex/deletions.csv: ") {
		t.Errorf("deletions: got %v", err)
	}
	full := errors.New("disk full")
	if err := readRedHat(context.Background(), fstest.MapFS{at: {Data: whole}}, Unit{Source: "Red Hat", Path: at}, &kept{fail: full}); err != full {
		t.Errorf("a sink's error: got %v", err)
	}
	done, cancel := context.WithCancel(context.Background())
	cancel()
	if err := readRedHat(done, fstest.MapFS{at: {Data: whole}}, Unit{Source: "Red Hat", Path: at}, new(kept)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func zstdOf(t *testing.T, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

func headerOf(t *testing.T, name string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tar.NewWriter(&b).WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestRedHatDocument checks single documents that are none.
func TestRedHatDocument(t *testing.T) {
	const at = "redhat-vex/2024/cve-2024-0001.json"
	for data, want := range map[string]string{
		"":                  "not JSON, or cut short",
		`{"document": {"`:   "not JSON, or cut short",
		`[]`:                "not a CSAF document: it has no category and csaf_version",
		`{"id": "GO-2024"}`: "not a CSAF document: it has no category and csaf_version",
	} {
		err := readRedHat(context.Background(), fstest.MapFS{at: {Data: []byte(data)}}, Unit{Path: at}, new(kept))
		if err == nil || err.Error() != "reading "+at+": "+want {
			t.Errorf("%q: got %v, want %s", data, err, want)
		}
	}
	out := new(kept)
	if err := readRedHat(context.Background(), fstest.MapFS{at: {Data: []byte(`{"document": []}`)}}, Unit{Path: at}, out); err != nil || out.skipped["bad record: against the schema"] != 1 {
		t.Errorf("against the schema: got %v, %v", err, out.skipped)
	}
}

func TestClaimRedHat(t *testing.T) {
	for p, want := range map[string]bool{
		"redhat-vex/csaf_vex_2025-11-22.tar.zst":   true,
		"redhat-vex/latest.tar.zst":                true,
		"data/csaf_vex_2025-11-22.tar.zst":         true,
		"redhat-vex/2023/cve-2023-38545.json":      true,
		"data/redhat-vex/2023/cve-2023-38545.json": true,
		"samples/redhat-vex/cve-2023-38545.json":   false,
		"redhat-vex/deletions.csv":                 false,
		"redhat-csaf/rhsa-2023_7025.json":          false,
		"other.tar.zst":                            false,
	} {
		if _, got := claimRedHat(p); got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
	if !slices.ContainsFunc(Feeds, func(f Feed) bool { return f.Name == "redhat" }) {
		t.Error("not among the feeds")
	}
}

func FuzzRedHat(f *testing.F) {
	fuzzFeed(f, "redhat", "redhat-vex/2024/cve-2024-24786.json", "testdata/redhat.txtar")
}

// FuzzRedHatArchive reads what is no archive, or a broken one.
func FuzzRedHatArchive(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/redhat.txtar")
	if err != nil {
		f.Fatal(err)
	}
	const at = "redhat-vex/csaf_vex_2025-11-22.tar.zst"
	f.Add(folder(f, archive)[at].Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = readRedHat(context.Background(), fstest.MapFS{at: {Data: data}}, Unit{Source: "Red Hat", Path: at}, strict{t})
	})
}
