package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

// zipped is a gzip file of text.
func zipped(text string) *fstest.MapFile {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // memory does not fail
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

// sources is a small folder with something of every feed. Debian's and
// Alpine's are there in two shapes.
func sources() fstest.MapFS {
	return fstest.MapFS{
		"osv/npm/GHSA-1.json": file(`{"id": "GHSA-1", "aliases": ["CVE-2021-0001"], "modified": "2024-01-02T03:04:05Z", "published": "2024-01-01T00:00:00Z",
			"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
			"affected": [
				{"package": {"ecosystem": "npm", "name": "left-pad"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.2.0"}, {"introduced": "2.0.0"}, {"last_affected": "2.9.9"}]}]},
				{"package": {"ecosystem": "Packagist", "name": "Left/Pad"}, "versions": ["v1.10", "v1.9", "v1.9"]}]}`),
		"osv/npm/GHSA-2.json": file(`{"id": "GHSA-2", "aliases": ["CVE-2021-0002"], "modified": "2099-01-01T00:00:00Z",
			"affected": [{"package": {"ecosystem": "npm", "name": "left-pad"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}`),
		"osv/Packagist/GHSA-1.json": file(`{"id": "GHSA-1", "aliases": ["CVE-2021-0001", "OTHER-7"], "modified": "2024-01-03T00:00:00Z", "published": "2024-01-01T00:00:00Z",
			"affected": [{"package": {"ecosystem": "Packagist", "name": "left/pad"}, "versions": ["v1.9", "v1.10"]}]}`),
		"osv/Debian/DEBIAN-CVE-2021-0001.json": file(`{"id": "DEBIAN-CVE-2021-0001", "upstream": ["CVE-2021-0001"], "modified": "2024-01-02T00:00:00Z",
			"affected": [
				{"package": {"ecosystem": "Debian:12", "name": "left-pad"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9"}]}]},
				{"package": {"ecosystem": "Debian:9", "name": "left-pad"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "8"}]}]}]}`),
		"debian-tracker.json": file(`{"left-pad": {"CVE-2021-0001": {"releases": {
			"bookworm": {"status": "resolved", "fixed_version": "1:10", "urgency": "low"},
			"bullseye": {"status": "open", "urgency": "not yet assigned", "nodsa_reason": "ignored"}}}}}`),
		"v3.20/main.json": file(`{"distroversion": "v3.20", "packages": [{"pkg": {"name": "left-pad", "secfixes": {"1-r0": ["CVE-2021-0001"], "0": ["CVE-2021-0002"]}}}]}`),
		"kev.json":        file(`{"dateReleased": "2023-01-01", "count": 2, "vulnerabilities": [{"cveID": "CVE-2021-0001", "dateAdded": "2022-02-03"}, {"cveID": "CVE-1999-0009", "dateAdded": "2022-02-03"}]}`),
		"epss.csv.gz":     zipped("#model_version:x,score_date:2024-01-05T00:00:00+0000\ncve,epss,percentile\nCVE-2021-0001,0.00043,0.1\nCVE-2021-0002,1,1\nCVE-2021-0003,0.5,0.5\n"),
	}
}

var buildTime = time.Date(2024, 2, 1, 12, 0, 0, 0, time.UTC)

func compiled(t testing.TB, folder fstest.MapFS, o Options) ([]byte, *Report) {
	t.Helper()
	var b bytes.Buffer
	report, err := Compile(context.Background(), &b, folder, o)
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), report
}

func open(t testing.TB, data []byte) *Index {
	t.Helper()
	x, err := OpenReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

func TestRoundTrip(t *testing.T) {
	data, report := compiled(t, sources(), Options{Time: buildTime})
	x := open(t, data)
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	vector := []advisory.Severity{{Source: "GHSA", Method: "CVSS_V3", Score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}
	event := func(kind advisory.EventKind, v string) advisory.Event { return advisory.Event{Kind: kind, Version: v} }
	// GHSA-1 was in two archives: one record, with what either said.
	ghsa := &advisory.Record{ID: "GHSA-1", Aliases: []string{"CVE-2021-0001", "OTHER-7"}, Feed: "Packagist",
		Modified: day(2024, 1, 3), Published: day(2024, 1, 1), Severities: vector}
	ghsa2 := &advisory.Record{ID: "GHSA-2", Aliases: []string{"CVE-2021-0002"}, Feed: "npm"} // dated 2099, which is not believed
	// Debian 12 is told by the tracker, 9 by the archive alone.
	debian := &advisory.Record{ID: "DEBIAN-CVE-2021-0001", Aliases: []string{"CVE-2021-0001"}, Feed: "Debian tracker", Modified: day(2024, 1, 2)}
	alpine := &advisory.Record{ID: "ALPINE-CVE-2021-0001", Aliases: []string{"CVE-2021-0001"}, Feed: "Alpine secdb"}
	fixed := func(v string) []advisory.Range {
		return []advisory.Range{{Events: []advisory.Event{event(advisory.Introduced, "0"), event(advisory.Fixed, v)}}}
	}
	for _, test := range []struct {
		ecosystem, name string
		want            []advisory.Match
	}{
		{"npm", "left-pad", []advisory.Match{
			{Record: ghsa, Affected: advisory.Affected{Ecosystem: "npm", Package: "left-pad", Ranges: []advisory.Range{{Type: advisory.SemVer, Events: []advisory.Event{
				event(advisory.Introduced, "1.0.0"), event(advisory.Fixed, "1.2.0"), event(advisory.Introduced, "2.0.0"), event(advisory.LastAffected, "2.9.9")}}}}},
			{Record: ghsa2, Affected: advisory.Affected{Ecosystem: "npm", Package: "left-pad", Ranges: []advisory.Range{{Type: advisory.SemVer, Events: []advisory.Event{event(advisory.Introduced, "0")}}}}},
		}},
		{"Packagist", "LEFT/PAD", []advisory.Match{{Record: ghsa, Affected: advisory.Affected{Ecosystem: "Packagist", Package: "left/pad", Versions: []string{"v1.9", "v1.10"}}}}},
		{"Debian:12", "left-pad", []advisory.Match{{Record: debian, Affected: advisory.Affected{Ecosystem: "Debian:12", Package: "left-pad", Ranges: fixed("1:10"),
			Severities: []advisory.Severity{{Source: "Debian", Method: "distro", Score: "low"}}}}}},
		{"Debian:11", "left-pad", []advisory.Match{{Record: debian, Affected: advisory.Affected{Ecosystem: "Debian:11", Package: "left-pad",
			Ranges: []advisory.Range{{Events: []advisory.Event{event(advisory.Introduced, "0")}}}, FixState: finding.WillNotFix}}}},
		{"Debian:9", "left-pad", []advisory.Match{{Record: debian, Affected: advisory.Affected{Ecosystem: "Debian:9", Package: "left-pad", Ranges: fixed("8")}}}},
		{"Alpine:v3.20", "left-pad", []advisory.Match{{Record: alpine, Affected: advisory.Affected{Ecosystem: "Alpine:v3.20", Package: "left-pad", Ranges: fixed("1-r0")}}}},
		{"Debian:13", "left-pad", nil},
		{"npm", "right-pad", nil},
		{"npm", "", nil},
		{"", "", nil},
	} {
		got, err := x.Lookup(test.ecosystem, test.name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s %s: -want +got:\n%s", test.ecosystem, test.name, diff)
		}
	}

	facts := map[string]advisory.Facts{
		"CVE-2021-0001": {KnownExploited: true, KEVAdded: day(2022, 2, 3), HasEPSS: true, EPSS: 0.00043, Severities: vector},
		"CVE-2021-0002": {HasEPSS: true, EPSS: 1},
		"CVE-1999-0009": {KnownExploited: true, KEVAdded: day(2022, 2, 3)},
	}
	for cve, want := range facts {
		got, ok, err := x.Facts(cve)
		if diff := cmp.Diff(want, got); diff != "" || !ok || err != nil {
			t.Errorf("%s: %v %v -want +got:\n%s", cve, ok, err, diff)
		}
	}
	for _, cve := range []string{"CVE-2021-0003", "CVE-1990-0001", "CVE-2099-0001", "GHSA-1", ""} { // the first is in no record
		if got, ok, err := x.Facts(cve); ok || err != nil {
			t.Errorf("%s: %v %v %v", cve, got, ok, err)
		}
	}

	info := x.Info()
	if diff := cmp.Diff(report.Info, info); diff != "" {
		t.Errorf("the report and the index disagree: -report +index:\n%s", diff)
	}
	if info.Built != buildTime || info.Newest != day(2024, 1, 3) { // neither 2099 nor the day of EPSS
		t.Errorf("built %v, newest %v", info.Built, info.Newest)
	}
	if want := (Counts{Records: 4, Packages: 4, Statements: 7, CVEs: 3, KnownExploited: 2, Scored: 2}); info.Counts != want {
		t.Errorf("counts %+v, want %+v", info.Counts, want)
	}
	want := map[string][]string{"Alpine": {"v3.20"}, "Debian": {"11", "12", "9"}, "Packagist": {""}, "npm": {""}}
	if diff := cmp.Diff(want, x.Ecosystems()); diff != "" {
		t.Errorf("ecosystems: -want +got:\n%s", diff)
	}
	for _, s := range report.Sources {
		if s.Name == "Debian" {
			if diff := cmp.Diff([]Skipped{{"known from the publisher's own feed", 1, []string{"DEBIAN-CVE-2021-0001"}}}, s.Skipped); diff != "" {
				t.Errorf("Debian's archive: -want +got:\n%s", diff)
			}
		}
	}
	if err := x.Verify(); err != nil {
		t.Error(err)
	}
}

// TestDeterministic compiles the same folder twice.
func TestDeterministic(t *testing.T) {
	a, _ := compiled(t, sources(), Options{Time: buildTime})
	b, _ := compiled(t, sources(), Options{Time: buildTime})
	if !bytes.Equal(a, b) {
		t.Error("the same sources gave different bytes")
	}
	c, report := compiled(t, sources(), Options{Sources: []string{"npm", "kev.json"}})
	if bytes.Equal(a, c) {
		t.Error("fewer sources gave the same bytes")
	}
	if len(report.Sources) != 2 || report.Info.Built.Year() != 2099 { // no time given: the newest date of the sources
		t.Errorf("%+v", report)
	}
}

// TestSpilled checks that the bytes do not depend on how much fits in memory.
func TestSpilled(t *testing.T) {
	all, _ := compiled(t, sources(), Options{Time: buildTime})
	temp := t.TempDir()
	few, _ := compiled(t, sources(), Options{Time: buildTime, TempDir: temp, memory: 400})
	if !bytes.Equal(all, few) {
		t.Error("an index that was sorted in files has other bytes")
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	t.Run("of real feeds", func(t *testing.T) {
		data := sharedData(t)
		var all, few bytes.Buffer
		names := []string{"osv/PyPI", "osv/AlmaLinux", "osv/Alpine", "kev.json"}
		for b, memory := range map[*bytes.Buffer]int{&all: 0, &few: 100 << 10} {
			if _, err := Compile(context.Background(), b, data, Options{Sources: names, TempDir: temp, memory: memory}); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(all.Bytes(), few.Bytes()) {
			t.Error("an index that was sorted in files has other bytes")
		}
	})
}

func TestNotAnIndex(t *testing.T) {
	data, _ := compiled(t, sources(), Options{Time: buildTime})
	newer := bytes.Clone(data)
	binary.LittleEndian.PutUint64(newer[len(headMagic):], FormatVersion+1)
	older := bytes.Clone(data)
	binary.LittleEndian.PutUint64(older[len(headMagic):], FormatVersion-1)
	flipped := bytes.Clone(data)
	flipped[len(flipped)-footSize-10] ^= 1 // in the directory
	pointed := bytes.Clone(data)
	binary.LittleEndian.PutUint64(pointed[len(pointed)-footSize:], 1<<60)
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "not an advisory index (build one with `layergate db build`)"},
		{"text", []byte("<html>429 Too Many Requests</html>"), "not an advisory index (build one with `layergate db build`)"},
		{"newer", newer, "the index has format version 3 and this layergate reads 2; update layergate"},
		{"older", older, "the index has format version 1 and this layergate reads 2; build or fetch it anew"},
		{"head only", data[:headSize], "the index is cut short; fetch or build it again"},
		{"cut short", data[:len(data)*2/3], "the index is cut short; fetch or build it again"},
		{"directory flipped", flipped, "the index is damaged; fetch or build it again"},
		{"directory elsewhere", pointed, "the index is damaged; fetch or build it again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.idx")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			if want := "opening the advisory index " + path + ": " + test.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.idx")); err == nil || !strings.Contains(err.Error(), "none.idx") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.HasSuffix(err.Error(), errNotIndex.Error()) {
		t.Errorf("a folder: %v", err)
	}
}

// TestFlippedBits damages each byte of the blocks in turn: whatever needs the
// block fails, and Verify always does. Nothing is ever wrongly answered.
func TestFlippedBits(t *testing.T) {
	data, _ := compiled(t, sources(), Options{Time: buildTime})
	sound := open(t, data)
	want, err := sound.Lookup("npm", "left-pad")
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for i := headSize; i < len(data)-footSize; i += 3 {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		x, err := OpenReader(bytes.NewReader(bad), int64(len(bad)))
		if err != nil {
			failed++
			continue
		}
		if err := x.Verify(); err == nil || !strings.HasSuffix(err.Error(), errCorrupt.Error()) {
			t.Fatalf("byte %d: Verify gives %v", i, err)
		}
		got, err := x.Lookup("npm", "left-pad")
		if err != nil {
			failed++
		} else if !reflect.DeepEqual(got, want) {
			t.Fatalf("byte %d: a damaged block gave a wrong answer", i)
		}
		x.Close()
	}
	if failed == 0 {
		t.Error("no damage was ever noticed by a lookup")
	}
}

func TestCompileErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		folder fstest.MapFS
		o      Options
		want   string
	}{
		{"nothing", fstest.MapFS{"README.md": file("")}, Options{}, "no advisories found"},
		{"no such source", sources(), Options{Sources: []string{"npm", "osv/Rust"}}, `no source "osv/Rust" among the advisories found`},
		{"facts only", sources(), Options{Sources: []string{"kev"}}, "the sources hold no advisory that can be used"},
		{"broken file", fstest.MapFS{"osv/Go/all.zip": file("PK\x03\x04")}, Options{}, "reading osv/Go/all.zip: not a whole zip archive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Compile(context.Background(), new(bytes.Buffer), test.folder, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Compile(ctx, new(bytes.Buffer), sources(), Options{}); err != context.Canceled {
		t.Errorf("a cancelled compilation: %v", err)
	}
}

// TestBuild checks that an index appears whole or not at all.
func TestBuild(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "db.idx")
	report, err := Build(context.Background(), sources(), path, Options{Time: buildTime})
	if err != nil {
		t.Fatal(err)
	}
	x, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if x.Info().Digest != report.Info.Digest || x.Verify() != nil {
		t.Errorf("%+v is not %+v", x.Info(), report.Info)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	broken := sources()
	broken["debian-tracker.json"] = file(`{"left-pad": {"CVE`)
	_, err = Build(context.Background(), broken, path, Options{Time: buildTime})
	if want := "building the advisory index: reading debian-tracker.json: the file is cut short; fetch it again"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the old index did not stay: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if _, err := Build(context.Background(), sources(), filepath.Join(dir, "no", "db.idx"), Options{}); err == nil {
		t.Error("a missing folder is no error")
	}
}

// TestConcurrentLookups is for the race detector, and checks the answers.
func TestConcurrentLookups(t *testing.T) {
	x := embedded(t)
	want, err := x.Lookup("Debian:11", "openssl")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, name := range []string{"linux", "openssl", "curl", "openssl"} {
				got, err := x.Lookup("Debian:11", name)
				if err != nil || name == "openssl" && len(got) != len(want) {
					t.Errorf("%s: %d matches, %v", name, len(got), err)
				}
				if _, _, err := x.Facts("CVE-2021-3711"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}
