package feed

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// strict is a Sink that checks what every feed promises.
type strict struct{ t *testing.T }

func (s strict) Skip(string, string) {}
func (s strict) Date(time.Time)      {}

func (s strict) Facts(cve string, f advisory.Facts) error {
	if !IsCVE(cve) || f.HasEPSS && !(f.EPSS >= 0 && f.EPSS <= 1) {
		s.t.Errorf("facts %q %+v", cve, f)
	}
	return nil
}

func (s strict) Record(r *advisory.Record) error {
	if !fits(r.ID) || r.Feed == "" || len(r.Affected) == 0 || !r.Withdrawn.IsZero() {
		s.t.Errorf("record %+v", r)
	}
	for _, a := range r.Affected {
		if !fits(a.Ecosystem) || !fits(a.Package) || len(a.Ranges)+len(a.Versions) == 0 {
			s.t.Errorf("affected %+v", a)
		}
		for _, v := range a.Versions {
			if !fits(v) {
				s.t.Errorf("version %q", v)
			}
		}
		for _, rg := range a.Ranges {
			if len(rg.Events) == 0 {
				s.t.Errorf("range %+v", rg)
			}
			for _, e := range rg.Events {
				if !fits(e.Version) {
					s.t.Errorf("event %+v", e)
				}
			}
		}
	}
	return nil
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

func FuzzOSV(f *testing.F)    { fuzzFeed(f, "osv", "osv/Go/GO-2024-2598.json", "testdata/osv.txtar") }
func FuzzSecDB(f *testing.F)  { fuzzFeed(f, "secdb", "v3.18/main.json", "testdata/secdb.txtar") }
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
