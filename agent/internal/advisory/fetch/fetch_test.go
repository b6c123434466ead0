package fetch

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// options are those of a test: all hosts are on the internet of the test, and
// nobody waits; pauses notes how long it would have been.
func (in *internet) options(pauses *[]time.Duration) Options {
	return Options{
		CACert: in.ca,
		Env: func(name string) string {
			if name == "HTTPS_PROXY" || name == "HTTP_PROXY" {
				return in.proxy.URL
			}
			return ""
		},
		Now: func() time.Time { return today },
		Wait: func(ctx context.Context, d time.Duration) error {
			if pauses != nil {
				*pauses = append(*pauses, d)
			}
			return ctx.Err()
		},
		Stall: 10 * time.Second,
	}
}

func open(t *testing.T, path string) *Folder {
	t.Helper()
	f, err := Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// update runs an update that must work.
func update(t *testing.T, f *Folder, o Options) []Outcome {
	t.Helper()
	outcomes, err := f.Update(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range outcomes {
		if out.Err != nil {
			t.Errorf("%s: %v", out.Source, out.Err)
		}
	}
	return outcomes
}

// changed says whether any file did.
func changed(outcomes []Outcome) bool {
	return slices.ContainsFunc(outcomes, func(o Outcome) bool { return o.Changed+o.Removed > 0 })
}

// tree is what is in the folder, hidden files and the state left out.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(os.DirFS(folder), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name()[0] == '.' || strings.HasPrefix(p, partialFolder) || p == stateFile {
			return err
		}
		text, err := os.ReadFile(filepath.Join(folder, p))
		files[p] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func zipped(t *testing.T, name string) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte(`{"id": "x"}`))
	z.Close()
	return b.String()
}

func gzipped(content string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(content))
	z.Close()
	return b.String()
}

func zstded(content string) string {
	z, _ := zstd.NewWriter(nil)
	return string(z.EncodeAll([]byte(content), nil))
}

// bzipped is "<x/>\n" as bzip2 packs it: the standard library only unpacks.
const bzipped = "QlpoOTFBWSZTWSx8mBIAAAFYgAAQAACABQBAIAAhhoGaA1NxdyRThQkCx8mBIA=="

// everything publishes something of every source.
func everything(t *testing.T) *internet {
	in := newInternet(t)
	archive, info := zstded("the archive"), gzipped("<updates/>")
	in.lists(sumOf(archive), sumOf(info))
	for _, e := range []string{"AlmaLinux", "Azure Linux", "Go", "npm", "PyPI"} {
		in.set("storage.googleapis.com/osv-vulnerabilities/"+e+"/all.zip", published(zipped(t, e), published1))
	}
	const secdb = `{"distroversion": "v3.20", "packages": []}`
	for _, p := range []string{"edge/main", "edge/community", "v3.20/main", "v3.20/community", "v3.2/main"} {
		in.set("secdb.alpinelinux.org/"+p+".json", published(secdb, published1))
	}
	redhat := "security.access.redhat.com/data/csaf/v2/vex/"
	in.set(redhat+"csaf_vex_2026-11-14.tar.zst", published(archive, published1))
	in.set(redhat+"2026/cve-2026-0002.json", published(`{"document": {"x": 2}}`, published1))
	in.set(redhat+"2023/cve-2023-38545.json", published(`{"document": {"x": 3}}`, published1))
	for _, p := range []string{"2024/cve-2024-24786.json", "2023/cve-2023-4154.json", "2026/cve-2026-0003.json"} {
		in.set(redhat+p, published(`{"document": {"before": "the archive, or deleted"}}`, published1))
	}
	for _, p := range []string{"2/core/2.0/x86_64/5454bdaaf3e2fa8d", "2/extras/php8.0/2.0/x86_64/0123", "al2023/core/guids/89ab/x86_64"} {
		in.set("cdn.amazonlinux.com/"+p+"/repodata/updateinfo.xml.gz", published(info, published1))
	}
	in.set("packages.us-west-2.amazonaws.com/2018.03/updates/2778354585d0/x86_64/repodata/updateinfo.xml.gz", published(info, published1))
	in.set("packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon1.0.json", published(`[{"cve_id": "CVE-1"}]`, published1))
	in.set("packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon5.0.json", published(`[]`, published1))
	bz, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	for at, content := range map[string]string{
		"security-tracker.debian.org/tracker/data/json":                               `{"openssl": {"CVE-1": {}}}`,
		"linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2":                  string(bz),
		"packages.wolfi.dev/os/security.json":                                         `{"packages": []}`,
		"packages.cgr.dev/chainguard/security.json":                                   `{"packages": []}`,
		"www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json": `{"count": 0}`,
		"epss.empiricalsecurity.com/epss_scores-current.csv.gz":                       gzipped("cve,epss\n"),
	} {
		in.set(at, published(content, published1))
	}
	return in
}

var isList = regexp.MustCompile(`/$|(ecosystems|archive_latest)\.txt$|\.sha256$|\.csv$|mirror\.list$|repomd\.xml$|extras-catalog\.json$|photon_versions\.json$`)

// layout is what everything becomes in the folder.
var layout = []string{
	"alpine-secdb/edge/community.json", "alpine-secdb/edge/main.json", "alpine-secdb/v3.2/main.json",
	"alpine-secdb/v3.20/community.json", "alpine-secdb/v3.20/main.json",
	"amazon/2/core/updateinfo.xml.gz", "amazon/2/php8.0/updateinfo.xml.gz", "amazon/2023/core/updateinfo.xml.gz",
	"chainguard/security.json", "debian-tracker.json", "epss.csv.gz", "kev.json", "oracle/com.oracle.elsa-all.xml.bz2",
	"osv/AlmaLinux/all.zip", "osv/Azure Linux/all.zip", "osv/Go/all.zip", "osv/PyPI/all.zip", "osv/npm/all.zip",
	"photon/cve_data_photon1.0.json", "photon/cve_data_photon5.0.json",
	"redhat-vex/2023/cve-2023-38545.json", "redhat-vex/2026/cve-2026-0002.json", "redhat-vex/csaf_vex_2026-11-14.tar.zst",
	"redhat-vex/deletions.csv",
	"wolfi/security.json",
}

func paths(files map[string]string) []string {
	var names []string
	for p := range files {
		names = append(names, p)
	}
	slices.Sort(names)
	return names
}

func TestEverySource(t *testing.T) {
	in := everything(t)
	folder := t.TempDir()
	f := open(t, folder)
	var log []string
	o := in.options(nil)
	var mu sync.Mutex
	o.Log = func(m string) {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, m)
	}
	outcomes := update(t, f, o)
	if len(outcomes) != len(Sources) || !changed(outcomes) {
		t.Errorf("%d outcomes for %d sources: %+v", len(outcomes), len(Sources), outcomes)
	}
	got := tree(t, folder)
	if diff := cmp.Diff(layout, paths(got)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for p := range got {
		if !slices.ContainsFunc(Sources, func(s Source) bool { return s.holds(p) }) {
			t.Errorf("no source says that it holds %s", p)
		}
	}
	if got["epss.csv.gz"] != gzipped("cve,epss\n") {
		t.Error("epss.csv.gz is not what is published")
	}
	// The first mirror of Amazon Linux 2 is down (404), an extra is gone.
	if !slices.ContainsFunc(log, func(m string) bool { return strings.Contains(m, "the extra gone") }) {
		t.Errorf("the log says nothing of the extra without a repository: %q", log)
	}

	// Everything comes from where the table says.
	for _, a := range in.answered() {
		_, at, _ := strings.Cut(a, ": ")
		host, _, _ := strings.Cut(at, "/")
		if !slices.ContainsFunc(Sources, func(s Source) bool { return strings.HasPrefix(s.URL, "https://"+host+"/") }) {
			t.Errorf("asked for %s, whose host is not in the table", a)
		}
		if strings.HasPrefix(a, "plain ") { // one list names a mirror by http
			t.Errorf("asked without TLS: %s", a)
		}
	}

	// Nothing has changed: nothing is received but lists.
	before, err := f.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	if outcomes = update(t, f, in.options(nil)); changed(outcomes) {
		t.Errorf("changed without a change: %+v", outcomes)
	}
	for _, a := range in.answered() {
		if strings.HasPrefix(a, "OK: ") && !isList.MatchString(a) {
			t.Errorf("received again: %s", a)
		}
	}
	after, err := f.Fingerprint()
	if err != nil || before != after {
		t.Errorf("the fingerprint is %s, was %s (%v)", after, before, err)
	}
}

// TestParts: what is not fetched unless it is named, over plain HTTP too.
func TestParts(t *testing.T) {
	in := everything(t)
	in.set("storage.googleapis.com/osv-vulnerabilities/Debian/all.zip", published(zipped(t, "Debian"), published1))
	folder := t.TempDir()
	update(t, open(t, folder), in.options(nil).only("amazon/1", "osv/Debian", "osv/Debian", "alpine/v3.20", "alpine/edge"))
	want := []string{
		"alpine-secdb/edge/community.json", "alpine-secdb/edge/main.json", "alpine-secdb/v3.20/community.json",
		"alpine-secdb/v3.20/main.json", "amazon/1/core/updateinfo.xml.gz", "osv/Debian/all.zip",
	}
	if diff := cmp.Diff(want, paths(tree(t, folder))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	asked := strings.Join(in.answered(), "\n")
	if n := strings.Count(asked, "/Debian/all.zip"); n != 1 {
		t.Errorf("what is named twice was asked for %d times", n)
	}
}
