// Package feed reads what publishers of advisories publish, in their own form,
// one file a source, and hands on facts only: no titles, no prose, no links.
//
// A feed meets three kinds of trouble and treats them differently. A file that
// is cut short or not of its format at all is an error: compiling it would
// give an index that misses things silently. A single record against its
// schema is skipped and counted with its reason, because publishers do make
// mistakes and one must not cost the other thousands. What a feed leaves out
// on purpose (withdrawn records, ranges of git commits, "never affected") is
// counted the same way, so that `db build` can show it.
//
// Open opens a folder of advisories, Find lists the files in it that a feed
// claims by their published names, and the feed's Read reads one. Where a form
// is specified is said beside its reader. Files are read piece by piece: how
// many records there are does not change how much memory is used, and a piece
// has a limit. conformance_test.go holds all feeds to these promises.
package feed

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Sink receives what a feed reads. An error from it ends the reading and is
// returned as it is.
type Sink interface {
	// Record takes one record. The same ID may come several times, from one
	// or several units; the parts belong together.
	Record(r *advisory.Record) error
	// Facts takes what is known of one CVE. Only the fields that the feed
	// knows are set.
	Facts(cve string, f advisory.Facts) error
	// Skip counts something left out: why, in a few words that are the same
	// each time, and which record.
	Skip(reason, record string)
	// Date says when the unit was published, where the file itself says so.
	Date(t time.Time)
}

// Feed is one published form of advisories.
type Feed struct {
	Name string // as in `--sources`: osv, secdb, debian, kev, epss

	// Derived is true for a form that restates other publishers' feeds, or
	// says less than another form of its publisher. Where an index gets the
	// same distro release from a feed that is the publisher's own and says
	// all, that one is used and the derived one is left out.
	Derived bool

	// Claim says whether the file at this slash-separated path is of the
	// feed, by its published name, and what the source is called that it
	// belongs to: "Go", "Alpine secdb", "CISA KEV".
	Claim func(p string) (source string, ok bool)

	// Read reads one claimed file.
	Read func(ctx context.Context, fsys fs.FS, u Unit, out Sink) error
}

// Feeds are all forms that can be read. Publishers' own forms come before
// derived ones.
var Feeds = []Feed{
	{Name: "secdb", Claim: claimSecDB, Read: readSecDB},
	{Name: "debian", Claim: claimDebian, Read: readDebian},
	{Name: "chainguard", Derived: true, Claim: claimChainguard, Read: readChainguard},
	{Name: "redhat", Claim: claimRedHat, Read: readRedHat},
	{Name: "amazon", Claim: claimAmazon, Read: readAmazon},
	{Name: "oracle", Claim: claimOracle, Read: readOracle},
	{Name: "photon", Claim: claimPhoton, Read: readPhoton},
	{Name: "kev", Claim: claimKEV, Read: readKEV},
	{Name: "epss", Claim: claimEPSS, Read: readEPSS},
	{Name: "osv", Derived: true, Claim: claimOSV, Read: readOSV},
}

// Unit is one file of a feed.
type Unit struct {
	Feed   *Feed
	Source string    // the source that it belongs to; several units may share one
	Path   string    // in the folder that was searched
	Date   time.Time // from a date in its path, as in "edge-2026-08-22/main.json", or when it was published; else zero
}

// maxUnits bounds how many files a folder may hold.
const maxUnits = 1 << 20

// Find lists the files of a folder that a feed claims, in the order of Feeds
// and then of paths. It does not open them.
func Find(fsys fs.FS) ([]Unit, error) {
	var units []Unit
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if u, ok := unitAt(p); ok {
			units = append(units, u)
		}
		if len(units) > maxUnits {
			return fmt.Errorf("more than %d files", maxUnits)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("searching the folder for advisories: %w", err)
	}
	order := make(map[string]int, len(Feeds))
	for i := range Feeds {
		order[Feeds[i].Name] = i
	}
	sort.SliceStable(units, func(i, j int) bool {
		if a, b := order[units[i].Feed.Name], order[units[j].Feed.Name]; a != b {
			return a < b
		}
		return units[i].Path < units[j].Path
	})
	units = newestOfEach(units)
	return units, datePublished(fsys, units)
}

// unitAt is the file at a path, of the first feed that claims it.
func unitAt(p string) (Unit, bool) {
	for i := range Feeds {
		if source, ok := Feeds[i].Claim(p); ok {
			return Unit{Feed: &Feeds[i], Source: source, Path: p, Date: dateIn(p)}, true
		}
	}
	return Unit{}, false
}

var dateInName = regexp.MustCompile(`(?:^|[-_./])(\d{4}-\d\d-\d\d)(?:[-_./]|$)`)

// dateIn is the last date in a path, zero if there is none.
func dateIn(p string) time.Time {
	m := dateInName.FindAllStringSubmatch(p, -1)
	if m == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, m[len(m)-1][1])
	if err != nil {
		return time.Time{}
	}
	return t
}

// newestOfEach drops a unit when the same folder also has it with a (newer)
// date in its name: edge/main.json gives way to edge-2026-08-22/main.json.
func newestOfEach(units []Unit) []Unit {
	undated := func(u Unit) string {
		return u.Feed.Name + " " + path.Clean(dateSuffix.ReplaceAllString(u.Path, ""))
	}
	newest := make(map[string]Unit)
	for _, u := range units {
		if old, ok := newest[undated(u)]; !ok || u.Date.After(old.Date) {
			newest[undated(u)] = u
		}
	}
	kept := units[:0]
	for _, u := range units {
		if newest[undated(u)].Path == u.Path {
			kept = append(kept, u)
		}
	}
	return kept
}

var dateSuffix = regexp.MustCompile(`[-_]\d{4}-\d\d-\d\d`)
