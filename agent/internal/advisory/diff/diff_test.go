package diff

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
)

// osv is a record of npm's.
func osv(id, cve, modified, severity, affected string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"id": "` + id + `", "aliases": ["` + cve + `"], "modified": "` + modified + `T00:00:00Z",
		"database_specific": {"severity": "` + severity + `"}, "affected": [` + affected + `]}`)}
}

func npm(name, events string) string {
	return `{"package": {"ecosystem": "npm", "name": "` + name + `"}, "ranges": [{"type": "SEMVER", "events": [` + events + `]}]}`
}

func kev(entries string) *fstest.MapFile {
	count := strconv.Itoa(strings.Count(entries, "cveID"))
	return &fstest.MapFile{Data: []byte(`{"dateReleased": "2024-01-01", "count": ` + count + `, "vulnerabilities": [` + entries + `]}`)}
}

func epss(t *testing.T, date, scores string) *fstest.MapFile {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte("#model_version:x,score_date:" + date + "T00:00:00+0000\ncve,epss,percentile\n" + scores))
	if err := cmp.Or(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

func secdb(version string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(`{"distroversion": "v3.20", "packages": [{"pkg": {"name": "zlib", "secfixes": {"` + version + `": ["CVE-2022-0001"]}}}]}`)}
}

const (
	before12 = `{"introduced": "0"}, {"fixed": "1.2.0"}`
	before13 = `{"introduced": "0"}, {"fixed": "1.3.0"}`
	every    = `{"introduced": "0"}`
	upTo12   = `{"introduced": "0"}, {"last_affected": "1.2.0"}`
)

func compiled(t *testing.T, folder fs.FS, sources ...string) *store.Index {
	t.Helper()
	var b bytes.Buffer
	if _, err := store.Compile(t.Context(), &b, folder, store.Options{Time: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC), Sources: sources}); err != nil {
		t.Fatal(err)
	}
	x, err := store.OpenReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func compare(t *testing.T, a, b Index) (*Summary, []Change) {
	t.Helper()
	var changes []Change
	sum, err := Compare(t.Context(), a, b, func(c Change) error {
		changes = append(changes, c)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum, changes
}

func TestCompare(t *testing.T) {
	a := compiled(t, fstest.MapFS{
		"osv/npm/GHSA-aaaa-aaaa-aaa1.json": osv("GHSA-aaaa-aaaa-aaa1", "CVE-2024-0001", "2024-01-01", "HIGH", npm("a", before12)),
		"osv/npm/GHSA-aaaa-aaaa-aaa2.json": osv("GHSA-aaaa-aaaa-aaa2", "CVE-2024-0002", "2024-01-01", "LOW", npm("b", before12)),
		"osv/npm/GHSA-aaaa-aaaa-aaa3.json": osv("GHSA-aaaa-aaaa-aaa3", "CVE-2024-0003", "2024-01-01", "LOW", npm("b", before12)),
		"osv/npm/GHSA-aaaa-aaaa-aaa5.json": osv("GHSA-aaaa-aaaa-aaa5", "CVE-2024-0005", "2024-01-01", "MODERATE", npm("c", every)),
		"osv/npm/GHSA-aaaa-aaaa-aaa6.json": osv("GHSA-aaaa-aaaa-aaa6", "CVE-2024-0006", "2024-01-01", "LOW", npm("d", before12)),
		"osv/npm/GHSA-aaaa-aaaa-aaa7.json": osv("GHSA-aaaa-aaaa-aaa7", "CVE-2024-0007", "2024-01-01", "LOW", npm("e", before12)+","+npm("f", before12)),
		"v3.20/main.json":                  secdb("1.0-r0"),
		"epss.csv.gz":                      epss(t, "2024-01-01", "CVE-2024-0001,0.1,0.5\nCVE-2024-0003,0.2,0.5\n"),
		"kev.json":                         kev(`{"cveID": "CVE-2024-0001", "dateAdded": "2024-01-01"}, {"cveID": "CVE-2024-0002", "dateAdded": "2024-01-01"}`),
	})
	b := compiled(t, fstest.MapFS{
		"osv/npm/GHSA-aaaa-aaaa-aaa1.json": osv("GHSA-aaaa-aaaa-aaa1", "CVE-2024-0001", "2024-02-01", "HIGH", npm("a", before13)),      // another fix
		"osv/npm/GHSA-aaaa-aaaa-aaa3.json": osv("GHSA-aaaa-aaaa-aaa3", "CVE-2024-0003", "2024-03-01", "LOW", npm("b", before12)),       // only touched
		"osv/npm/GHSA-aaaa-aaaa-aaa4.json": osv("GHSA-aaaa-aaaa-aaa4", "CVE-2024-0004", "2024-02-01", "CRITICAL", npm("bb", before12)), // new
		"osv/npm/GHSA-aaaa-aaaa-aaa5.json": osv("GHSA-aaaa-aaaa-aaa5", "CVE-2024-0005", "2024-01-01", "MODERATE", npm("c", upTo12)),    // other versions
		"osv/npm/GHSA-aaaa-aaaa-aaa6.json": osv("GHSA-aaaa-aaaa-aaa6", "CVE-2024-0066", "2024-01-01", "HIGH", npm("d", before12)),      // rated and named anew
		"osv/npm/GHSA-aaaa-aaaa-aaa7.json": osv("GHSA-aaaa-aaaa-aaa7", "CVE-2024-0007", "2024-01-01", "LOW", npm("f", before12)),       // one package less
		"kev.json":                         kev(`{"cveID": "CVE-2024-0001", "dateAdded": "2024-01-01"}, {"cveID": "CVE-2024-10000", "dateAdded": "2024-02-03"}, {"cveID": "CVE-2024-0004", "dateAdded": "2024-02-02"}`),
		"epss.csv.gz":                      epss(t, "2024-01-01", "CVE-2024-0001,0.15,0.5\nCVE-2024-0003,0.2,0.5\n"),
	})
	day := func(m, d int) time.Time { return time.Date(2024, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	sum, changes := compare(t, a, b)
	want := []Change{
		{Kind: Removed, Ecosystem: "Alpine:v3.20", Package: "zlib", Record: "ALPINE-CVE-2022-0001", CVEs: []string{"CVE-2022-0001"},
			FixesBefore: []string{"1.0-r0"}, FixState: finding.Fixed, FixStateBefore: finding.Fixed},
		{Kind: Changed, Ecosystem: "npm", Package: "a", Record: "GHSA-aaaa-aaaa-aaa1", CVEs: []string{"CVE-2024-0001"}, Severity: finding.High, SeverityBefore: finding.High,
			Fixes: []string{"1.3.0"}, FixesBefore: []string{"1.2.0"}, FixState: finding.Fixed, FixStateBefore: finding.Fixed, What: []string{"fixes"}},
		{Kind: Removed, Ecosystem: "npm", Package: "b", Record: "GHSA-aaaa-aaaa-aaa2", CVEs: []string{"CVE-2024-0002"}, Severity: finding.Low, SeverityBefore: finding.Low,
			FixesBefore: []string{"1.2.0"}, FixState: finding.Fixed, FixStateBefore: finding.Fixed},
		{Kind: Added, Ecosystem: "npm", Package: "bb", Record: "GHSA-aaaa-aaaa-aaa4", CVEs: []string{"CVE-2024-0004"}, Severity: finding.Critical, SeverityBefore: finding.Critical,
			Fixes: []string{"1.2.0"}, FixState: finding.Fixed},
		{Kind: Changed, Ecosystem: "npm", Package: "c", Record: "GHSA-aaaa-aaaa-aaa5", CVEs: []string{"CVE-2024-0005"}, Severity: finding.Medium, SeverityBefore: finding.Medium,
			FixState: finding.FixUnknown, FixStateBefore: finding.NotFixed, What: []string{"versions", "fixState"}},
		{Kind: Changed, Ecosystem: "npm", Package: "d", Record: "GHSA-aaaa-aaaa-aaa6", CVEs: []string{"CVE-2024-0066"}, Severity: finding.High, SeverityBefore: finding.Low,
			Fixes: []string{"1.2.0"}, FixesBefore: []string{"1.2.0"}, FixState: finding.Fixed, FixStateBefore: finding.Fixed, What: []string{"severity", "ids"}},
		{Kind: Removed, Ecosystem: "npm", Package: "e", Record: "GHSA-aaaa-aaaa-aaa7", CVEs: []string{"CVE-2024-0007"}, Severity: finding.Low, SeverityBefore: finding.Low,
			FixesBefore: []string{"1.2.0"}, FixState: finding.Fixed, FixStateBefore: finding.Fixed},
	}
	if diff := gocmp.Diff(want, changes); diff != "" {
		t.Errorf("changes: -want +got:\n%s", diff)
	}
	wantSum := &Summary{
		Sources: []Source{
			{Name: "Alpine secdb", Kind: Removed, RecordsBefore: 1},
			{Name: "CISA KEV", Kind: Changed, DateBefore: day(1, 1), Date: day(1, 1), RecordsBefore: 2, Records: 3},
			{Name: "npm", Kind: Changed, DateBefore: day(1, 1), Date: day(3, 1), RecordsBefore: 6, Records: 6},
		},
		Records:    Counts{Added: 1, Removed: 2, Changed: 4},
		Advisories: Counts{Added: 1, Removed: 3, Changed: 3},
		Fixes:      1,
		Ecosystems: map[string]*Counts{"Alpine:v3.20": {Removed: 1}, "npm": {Added: 1, Removed: 2, Changed: 3}},
		Severities: map[finding.Severity]*Counts{finding.Unknown: {Removed: 1}, finding.Low: {Removed: 2}, finding.Medium: {Changed: 1},
			finding.High: {Changed: 2}, finding.Critical: {Added: 1}},
		CVEs:      Counts{Added: 3, Removed: 2, Changed: 1}, // 0004, 0066, 10000; 0002, 0006; 0001
		Scores:    1,
		Exploited: []Exploited{{"CVE-2024-0004", day(2, 2)}, {"CVE-2024-10000", day(2, 3)}},
		Unlisted:  []Exploited{{"CVE-2024-0002", day(1, 1)}},
	}
	if diff := gocmp.Diff(wantSum, sum); diff != "" {
		t.Errorf("summary: -want +got:\n%s", diff)
	}
	for _, x := range []Index{a, b} {
		if sum, changes := compare(t, x, x); !sum.Same() || len(changes) > 0 {
			t.Errorf("an index differs from itself: %+v, %+v", sum, changes)
		}
	}
	stop := errors.New("enough")
	if _, err := Compare(t.Context(), a, b, func(Change) error { return stop }); err != stop {
		t.Errorf("got %v, want the visitor's own error", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compare(ctx, a, b, func(Change) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
}

// walked is an index that is walked as a test says.
type walked struct {
	*store.Index
	said []advisory.Match
	err  error
}

func (w walked) Walk(_ context.Context, visit func(advisory.Match) error) error {
	for _, m := range w.said {
		if err := visit(m); err != nil {
			return err
		}
	}
	return w.err
}

// TestBadWalk: an index out of order or one that breaks half-way must not make
// everything look changed.
func TestBadWalk(t *testing.T) {
	x := compiled(t, fstest.MapFS{"osv/npm/GHSA-aaaa-aaaa-aaa1.json": osv("GHSA-aaaa-aaaa-aaa1", "CVE-2024-0001", "2024-01-01", "HIGH", npm("a", before12))})
	said := func(name string) advisory.Match {
		return advisory.Match{Record: &advisory.Record{ID: "X"}, Affected: advisory.Affected{Ecosystem: "npm", Package: name}}
	}
	ignore := func(Change) error { return nil }
	if _, err := Compare(t.Context(), x, walked{Index: x, said: []advisory.Match{said("b"), said("a")}}, ignore); err == nil {
		t.Error("an index that is not in order was compared")
	}
	broken := errors.New("broken")
	for _, pair := range [][2]Index{{x, walked{Index: x, err: broken}}, {walked{Index: x, said: []advisory.Match{said("a"), said("b")}, err: broken}, x}} {
		if _, err := Compare(t.Context(), pair[0], pair[1], ignore); !errors.Is(err, broken) {
			t.Errorf("got %v, want the index's own error", err)
		}
	}
}

// TestRealDiff: Alpine's edge of the end of 2024 and of August 2026. What
// differs is found in the publisher's own files.
func TestRealDiff(t *testing.T) {
	shared := cmp.Or(os.Getenv("LAYERGATE_SHARED"), "../../../../../shared")
	var said [2]map[string]map[string]bool
	var indexes [2]*store.Index
	for i, folder := range []string{"edge", "edge-2026-08-22"} {
		files := fstest.MapFS{}
		said[i] = make(map[string]map[string]bool)
		for _, name := range []string{"main.json", "community.json"} {
			text, err := os.ReadFile(filepath.Join(shared, "data/alpine-secdb", folder, name))
			if errors.Is(err, fs.ErrNotExist) {
				t.Skip("no real data: ", err)
			} else if err != nil {
				t.Fatal(err)
			}
			files["edge/"+name] = &fstest.MapFile{Data: text}
			secfixes(t, text, said[i])
		}
		indexes[i] = compiled(t, files)
	}
	sum, changes := compare(t, indexes[0], indexes[1])
	got := make(map[string]Kind)
	for _, c := range changes {
		if cve := cveShape.FindString(c.Record); cve != "" {
			got[c.Package+" "+cve] = c.Kind
		}
	}
	want := make(map[string]Kind)
	for id, versions := range said[0] {
		if said[1][id] == nil {
			want[id] = Removed
		} else if !maps.Equal(versions, said[1][id]) {
			want[id] = Changed
		}
	}
	for id := range said[1] {
		if said[0][id] == nil {
			want[id] = Added
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if len(want) < 4000 {
		t.Errorf("%d differences in the files: they have more", len(want))
	}
	back, _ := compare(t, indexes[1], indexes[0])
	if sum.Records != (Counts{back.Records.Removed, back.Records.Added, back.Records.Changed}) ||
		sum.Advisories != (Counts{back.Advisories.Removed, back.Advisories.Added, back.Advisories.Changed}) || sum.Fixes != back.Fixes {
		t.Errorf("to and fro differ:\n%+v\n%+v", sum, back)
	}
}

// cveShape finds CVEs in whatever Alpine's packagers wrote around them.
var cveShape = regexp.MustCompile(`\bCVE-\d{4}-\d{4,}\b`)

// secfixes reads one of Alpine's files: versions by package and CVE.
func secfixes(t *testing.T, text []byte, into map[string]map[string]bool) {
	var file struct {
		Packages []struct {
			Pkg struct {
				Name     string
				Secfixes map[string][]string
			}
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	for _, p := range file.Packages {
		for version, ids := range p.Pkg.Secfixes {
			if version == "0" { // never affected: nothing to say
				continue
			}
			text := strings.ReplaceAll(strings.Join(ids, " "), "CVE 20", "CVE-20") // a slip
			for _, cve := range cveShape.FindAllString(text, -1) {
				key := p.Pkg.Name + " " + cve
				if into[key] == nil {
					into[key] = make(map[string]bool)
				}
				into[key][version] = true
			}
		}
	}
}
