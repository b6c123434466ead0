package store

import (
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// collection gathers what feeds emit, in a compact form: text and statements
// that repeat are kept once, and what is said about packages is a list of
// rows.
type collection struct {
	records    []storedRecord
	recordAt   map[string]int // by id
	packages   map[string][]row
	releases   numbers[string]
	ratings    numbers[advisory.Severity]
	statements []statement
	statedAt   map[string]uint32
	facts      map[uint64]*storedFacts
	named      map[uint64]bool // CVEs that some record names

	// owner says which feed, of those that are the publisher's own form,
	// speaks for an ecosystem with release; "" where only derived ones do.
	owner map[string]string

	// covers lists, for each source, the ecosystems that it has data for.
	covers map[string]map[ecosystem]bool
}

// ecosystem is one with its release, if it has releases.
type ecosystem struct{ base, release string }

func newCollection() *collection {
	c := &collection{
		recordAt: make(map[string]int),
		packages: make(map[string][]row),
		statedAt: make(map[string]uint32),
		facts:    make(map[uint64]*storedFacts),
		named:    make(map[uint64]bool),
		owner:    make(map[string]string),
		covers:   make(map[string]map[ecosystem]bool),
	}
	c.releases.of("")
	return c
}

// intake is the feed.Sink for one unit.
type intake struct {
	*collection
	unit   feed.Unit
	source int
	report *SourceReport
	latest time.Time // dates after it are not believed; zero: any is
	names  map[string]bool
}

// Skip counts, and keeps the first few examples.
func (in *intake) Skip(reason, record string) { in.report.skip(reason, record) }

// Date keeps the newest that is believed.
func (in *intake) Date(t time.Time) {
	if t.After(in.report.Date) && in.believes(t) {
		in.report.Date = t
	}
}

// believes says whether a date can be true of something published by now.
func (in *intake) believes(t time.Time) bool { return in.latest.IsZero() || !t.After(in.latest) }

// Record takes in one record, joined with what came under its id before.
func (in *intake) Record(r *advisory.Record) error {
	taken := false
	at := -1
	for i := range r.Affected {
		a := &r.Affected[i]
		base, release, name := Key(a.Ecosystem, a.Package)
		where := join(base, release)
		if in.unit.Feed.Derived {
			if in.owner[where] != "" {
				in.Skip("known from the publisher's own feed", r.ID)
				continue
			}
		} else {
			in.owner[where] = in.unit.Feed.Name
		}
		if at < 0 {
			at = in.keep(r)
		}
		taken = true
		in.covers[in.unit.Source][ecosystem{base, release}] = true
		in.names[where+"\x00"+name] = true
		key := base + "\x00" + name
		in.packages[key] = append(in.packages[key], row{
			record:    uint32(at),
			release:   uint32(in.releases.of(release)),
			statement: in.state(a),
		})
	}
	if taken {
		in.report.Records++
	}
	return nil
}

// keep stores a record without what it affects, and says where.
func (in *intake) keep(r *advisory.Record) int {
	at, ok := in.recordAt[r.ID]
	if !ok {
		at = len(in.records)
		in.recordAt[r.ID] = at
		in.records = append(in.records, storedRecord{record: &advisory.Record{ID: r.ID}, source: in.source})
	}
	kept := &in.records[at]
	kept.record.Aliases = union(kept.record.Aliases, r.Aliases)
	kept.record.Upstream = union(kept.record.Upstream, r.Upstream)
	if r.Modified.After(kept.record.Modified) && in.believes(r.Modified) {
		kept.record.Modified = r.Modified
	}
	if p := kept.record.Published; p.IsZero() || !r.Published.IsZero() && r.Published.Before(p) {
		kept.record.Published = r.Published
	}
	for _, n := range in.numbered(r.Severities) {
		if !slices.Contains(kept.severities, n) {
			kept.severities = append(kept.severities, n)
		}
	}
	in.rate(r)
	return at
}

// covered lists the ecosystems that the sources vouch for. A source that is
// called like an ecosystem vouches for that one only: the stray records about
// others that there are in every archive of osv.dev are no coverage.
func (c *collection) covered() []string {
	var list []string
	for source, all := range c.covers {
		own := false
		for e := range all {
			own = own || e.base == source
		}
		for e := range all {
			if !own || e.base == source {
				list = append(list, join(e.base, e.release))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (c *collection) factsOf(cve uint64) *storedFacts {
	f := c.facts[cve]
	if f == nil {
		f = &storedFacts{cve: cve}
		c.facts[cve] = f
	}
	return f
}

// Facts takes in what is known of a CVE.
func (in *intake) Facts(cve string, f advisory.Facts) error {
	n, ok := cveNumber(cve)
	if !ok {
		in.Skip("bad CVE id", cve)
		return nil
	}
	kept := in.factsOf(n)
	if f.KnownExploited {
		kept.kev = max(1, dayNumber(f.KEVAdded))
	}
	if f.HasEPSS {
		kept.epss = epssNumber(f.EPSS)
	}
	in.report.Records++
	return nil
}

// union is a sorted set of both lists' texts.
func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}
