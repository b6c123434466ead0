package feed

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestFind checks what is taken for a feed's file.
func TestFind(t *testing.T) {
	fsys := fstest.MapFS{}
	for _, p := range []string{
		"README.md", "labels.jsonl", "samples/chainguard/security.json", "samples/debian-tracker/sample.json",
		"osv/Go/all.zip", "osv/Go/GO-1.json", "osv/my.zip", "npm/all.zip", "other/GO-1.json", "all.zip",
		"v3.20/main.json", "v3.20/other.json", "alpine-secdb/edge/community.json", "edge_2026-01-01/main.json",
		"wolfi/security.json", "chainguard/security.json", "security.json", "other/security.json",
		"debian-tracker.json", "kev.json", "known_exploited_vulnerabilities.json",
		"epss_scores-2026-08-16.csv.gz", "epss.csv", "epss_scores-2026-08-15.csv.gz",
	} {
		fsys[p] = &fstest.MapFile{}
	}
	units, err := Find(fsys)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range units {
		got[u.Path] = u.Feed.Name + " " + u.Source
	}
	want := map[string]string{
		"osv/Go/all.zip": "osv Go", "osv/Go/GO-1.json": "osv Go", "osv/my.zip": "osv my", "npm/all.zip": "osv npm", "all.zip": "osv OSV",
		"v3.20/main.json": "secdb Alpine secdb", "alpine-secdb/edge/community.json": "secdb Alpine secdb", "edge_2026-01-01/main.json": "secdb Alpine secdb",
		"wolfi/security.json": "chainguard Wolfi secdb", "chainguard/security.json": "chainguard Chainguard secdb",
		"debian-tracker.json": "debian Debian tracker", "kev.json": "kev CISA KEV", "known_exploited_vulnerabilities.json": "kev CISA KEV",
		"epss_scores-2026-08-16.csv.gz": "epss FIRST EPSS",
	}
	if len(got) != len(want) {
		t.Errorf("got %v", got)
	}
	for p, w := range want {
		if got[p] != w {
			t.Errorf("%s: got %q, want %q", p, got[p], w)
		}
	}
}

// TestDatePublished: `db update` notes when a file was published; a date in
// the path is nearer, and one that is none says nothing.
func TestDatePublished(t *testing.T) {
	fsys := fstest.MapFS{
		"alpine-secdb/v3.20/main.json": {}, "alpine-secdb/edge-2026-08-22/main.json": {}, "wolfi/security.json": {}, "kev.json": {},
		"downloads.json": {Data: []byte(`{"version": 1, "files": {
			"alpine-secdb/v3.20/main.json": {"lastModified": "Fri, 20 Nov 2026 23:59:59 GMT"},
			"alpine-secdb/edge-2026-08-22/main.json": {"lastModified": "Fri, 20 Nov 2026 23:59:59 GMT"},
			"wolfi/security.json": {"lastModified": "yesterday"}}}`)},
	}
	units, err := Find(fsys)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range units {
		got[u.Path] = date(u.Date)
	}
	want := map[string]string{
		"alpine-secdb/v3.20/main.json": "2026-11-20", "alpine-secdb/edge-2026-08-22/main.json": "2026-08-22",
		"wolfi/security.json": "-", "kev.json": "-",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	fsys["downloads.json"].Data = []byte(`{"files": [`)
	if _, err := Find(fsys); err == nil || !strings.Contains(err.Error(), "downloads.json") {
		t.Errorf("a broken list: %v", err)
	}
}

func TestParseCVE(t *testing.T) {
	for id, want := range map[string]bool{
		"CVE-1999-0001": true, "CVE-2021-44228": true, "CVE-2024-1000001": true,
		"CVE-2021-1": false, "CVE-2021-00001": false, "CVE-2017-17434-1": false, "cve-2021-44228": false,
		"CVE-21-44228": false, "CVE-2021-": false, "CVE-2021-99999999999": false, "CVE-2021-+123": false, "": false,
	} {
		if got := IsCVE(id); got != want {
			t.Errorf("IsCVE(%q) = %v", id, got)
		}
	}
	if y, n, _ := ParseCVE("CVE-2021-0044"); y != 2021 || n != 44 {
		t.Errorf("CVE-2021-0044 is %d, %d", y, n)
	}
}
