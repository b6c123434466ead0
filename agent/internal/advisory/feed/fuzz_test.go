package feed

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// strict is a Sink that checks what every feed promises.
type strict struct{ t *testing.T }

func (s strict) Date(time.Time) {}

func (s strict) Skip(reason, record string) {
	if !fits(reason) || len(reason) > 80 || len(record) > 4*maxText {
		s.t.Errorf("skip %.200q (%.200q)", reason, record)
	}
}

func (s strict) Facts(cve string, f advisory.Facts) error {
	if !IsCVE(cve) || f.HasEPSS && !(f.EPSS >= 0 && f.EPSS <= 1) || f.KnownExploited == f.KEVAdded.IsZero() {
		s.t.Errorf("facts %q %+v", cve, f)
	}
	return nil
}

func (s strict) Record(r *advisory.Record) error {
	if r.Feed == "" || len(r.Affected) == 0 || !r.Withdrawn.IsZero() {
		s.t.Errorf("record %+v", r)
	}
	s.texts(r.ID)
	s.texts(r.Aliases...)
	s.texts(r.Upstream...)
	s.severities(r.Severities)
	for _, id := range append(r.Aliases, r.Upstream...) {
		if id == r.ID {
			s.t.Errorf("%s names itself", id)
		}
	}
	for _, a := range r.Affected {
		s.affected(r.ID, a)
	}
	return nil
}

func (s strict) affected(id string, a advisory.Affected) {
	s.texts(a.Ecosystem, a.Package)
	s.texts(a.Versions...)
	s.severities(a.Severities)
	if a.Module != "" {
		s.texts(a.Module)
	}
	if len(a.Ranges)+len(a.Versions) == 0 {
		s.t.Errorf("%s: nothing is affected: %+v", id, a)
	}
	ends := make(map[string]bool)
	for _, r := range a.Ranges {
		if len(r.Events) == 0 || r.Events[0].Kind != advisory.Introduced {
			s.t.Errorf("%s: range %+v", id, r)
		}
		for _, e := range r.Events {
			s.texts(e.Version)
			ends[e.Version] = e.Kind == advisory.Fixed
		}
	}
	for _, d := range a.FixDates {
		if !ends[d.Version] || d.Day.IsZero() || !d.Day.Equal(d.Day.UTC().Truncate(24*time.Hour)) || d.FirstSeen {
			s.t.Errorf("%s: fix date %+v", id, d)
		}
	}
	switch a.FixState {
	case "", finding.FixUnknown, finding.Fixed, finding.NotFixed, finding.WillNotFix:
	default:
		s.t.Errorf("%s: fix state %q", id, a.FixState)
	}
}

func (s strict) severities(list []advisory.Severity) {
	for _, v := range list {
		s.texts(v.Source, v.Score)
		switch v.Method {
		case "CVSS_V2", "CVSS_V3", "CVSS_V4":
		case "distro":
			if v.Score != strings.ToLower(v.Score) {
				s.t.Errorf("severity %+v", v)
			}
		default:
			s.t.Errorf("severity %+v", v)
		}
	}
}

func (s strict) texts(list ...string) {
	for _, text := range list {
		if !fits(text) {
			s.t.Errorf("text %.200q", text)
		}
	}
}

// fuzzFeed fuzzes a feed's reader with one file at a path that it claims,
// starting from the files of a fixture. What is fuzzed is not packed; folder
// packs it as the path says.
func fuzzFeed(f *testing.F, name, at, fixture string) {
	archive, err := txtar.ParseFile(fixture)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(file.Data)
	}
	var feed *Feed
	for i := range Feeds {
		if Feeds[i].Name == name {
			feed = &Feeds[i]
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := folder(t, &txtar.Archive{Files: []txtar.File{{Name: at, Data: data}}})
		source, ok := feed.Claim(at)
		if !ok {
			t.Fatalf("%s does not claim %s", name, at)
		}
		// An error is a fine answer; a panic or a broken promise is not.
		_ = feed.Read(context.Background(), fsys, Unit{Feed: feed, Source: source, Path: at}, strict{t})
	})
}

func FuzzOSV(f *testing.F)   { fuzzFeed(f, "osv", "osv/Go/GO-2024-2598.json", "testdata/osv.txtar") }
func FuzzSecDB(f *testing.F) { fuzzFeed(f, "secdb", "v3.18/main.json", "testdata/secdb.txtar") }
func FuzzChainguard(f *testing.F) {
	fuzzFeed(f, "chainguard", "wolfi/security.json", "testdata/chainguard.txtar")
}
func FuzzDebian(f *testing.F) { fuzzFeed(f, "debian", "debian-tracker.json", "testdata/debian.txtar") }
func FuzzKEV(f *testing.F)    { fuzzFeed(f, "kev", "kev.json", "testdata/facts.txtar") }
func FuzzEPSS(f *testing.F)   { fuzzFeed(f, "epss", "epss.csv.gz", "testdata/facts.txtar") }

func FuzzOSVArchive(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/osv.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range folder(f, archive) {
		f.Add(file.Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		const at = "osv/Go/all.zip"
		_ = readOSV(context.Background(), fstest.MapFS{at: {Data: data}}, Unit{Source: "Go", Path: at}, strict{t})
	})
}
