// Package diff says what differs between two advisory indexes.
//
// Both are walked side by side in the one order that they share, a package at a
// time, so that memory does not grow with the indexes but for some twenty bytes
// a record (see presence). The unit is what one record says about one package
// of one release: an Advisory. A record that comes to name another package is
// an advisory more and a record that changed.
//
// Dates of records are no difference, since publishers touch records without
// changing them, and neither is a day for a fix where there was none.
package diff

import (
	"context"
	"hash/fnv"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
)

// Index is one of the two; *store.Index is.
type Index interface {
	Info() store.Info
	Facts(cve string) (advisory.Facts, bool, error)
	Walk(ctx context.Context, visit func(advisory.Match) error) error
	WalkFacts(ctx context.Context, visit func(cve string, f advisory.Facts) error) error
}

// Kind is what became of something.
type Kind string

// The kinds.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Counts is how many of something were added, removed and changed.
type Counts struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"`
}

func (c *Counts) add(kind Kind) {
	switch kind {
	case Added:
		c.Added++
	case Removed:
		c.Removed++
	case Changed:
		c.Changed++
	}
}

// Summary is the difference in numbers.
type Summary struct {
	Sources    []Source                     // in order of names; those that differ only
	Records    Counts                       // by id, whatever they say
	Advisories Counts                       // what records say about packages
	Fixes      int                          // advisories whose fix versions changed
	CVEs       Counts                       // what is known of CVEs themselves: KEV, EPSS, ratings
	Scores     int                          // CVEs that have another EPSS score
	Ecosystems map[string]*Counts           // advisories by ecosystem with release
	Severities map[finding.Severity]*Counts // advisories by severity: as it is now, of removed ones as it was
	Exploited  []Exploited                  // CVEs that came into CISA's catalogue, in order
	Unlisted   []Exploited                  // CVEs that went from it
}

// Same says that nothing differs but dates.
func (s *Summary) Same() bool {
	return len(s.Sources) == 0 && s.Records == (Counts{}) && s.Advisories == (Counts{}) && s.CVEs == (Counts{})
}

// Source is a source that came, went, or has another date or number of records.
type Source struct {
	Name          string    `json:"name"`
	Kind          Kind      `json:"kind"`
	DateBefore    time.Time `json:"dateBefore,omitzero"`
	Date          time.Time `json:"date,omitzero"`
	RecordsBefore int       `json:"recordsBefore"`
	Records       int       `json:"records"`
}

// Exploited is a CVE in CISA's catalogue, and since when.
type Exploited struct {
	CVE   string
	Added time.Time
}

// Compare compares the index a with the newer b, and tells visit of every
// advisory that differs, in the order of ecosystem (without release), package,
// record and release. An error of visit's ends it and is returned as it is.
func Compare(ctx context.Context, a, b Index, visit func(Change) error) (*Summary, error) {
	c := comparison{
		a: a, b: b, visit: visit, seen: make(map[uint64]presence),
		sum: Summary{Ecosystems: make(map[string]*Counts), Severities: make(map[finding.Severity]*Counts)},
	}
	if err := merge(packages(ctx, a), packages(ctx, b), compareAbout, c.packages); err != nil {
		return nil, err
	}
	if err := merge(facts(ctx, a), facts(ctx, b), compareKnown, c.facts); err != nil {
		return nil, err
	}
	for _, p := range c.seen {
		if kind := p.kind(); kind != "" {
			c.sum.Records.add(kind)
		}
	}
	c.sum.Sources = sources(a.Info(), b.Info())
	return &c.sum, nil
}

// comparison is one run of Compare.
type comparison struct {
	a, b  Index
	visit func(Change) error
	seen  map[uint64]presence // by a hash of the record's id
	sum   Summary
}

// presence is where a record was seen, and whether anything about it differs.
// It is kept for every record, by a hash of 64 bits: two of ten million records
// share one with a chance of one in 300,000, which puts a count off by one.
type presence uint8

const (
	inA presence = 1 << iota
	inB
	differs
)

func (p presence) kind() Kind {
	switch {
	case p&inA == 0:
		return Added
	case p&inB == 0:
		return Removed
	case p&differs != 0:
		return Changed
	}
	return ""
}

func (c *comparison) saw(record string, p presence) {
	h := fnv.New64a()
	h.Write([]byte(record)) // a hash's Write never fails
	c.seen[h.Sum64()] |= p
}

// found takes in one advisory that differs.
func (c *comparison) found(change Change) error {
	c.sum.Advisories.add(change.Kind)
	counts(c.sum.Ecosystems, change.Ecosystem).add(change.Kind)
	counts(c.sum.Severities, change.Severity).add(change.Kind)
	if change.Kind == Changed && change.FixesChanged() {
		c.sum.Fixes++
	}
	return c.visit(change)
}

func counts[K comparable](by map[K]*Counts, key K) *Counts {
	if by[key] == nil {
		by[key] = new(Counts)
	}
	return by[key]
}

// cves are the CVEs that a record is about.
func cves(r *advisory.Record) []string {
	var list []string
	for _, ids := range [][]string{{r.ID}, r.Aliases, r.Upstream} {
		for _, id := range ids {
			if strings.HasPrefix(id, "CVE-") {
				list = append(list, id)
			}
		}
	}
	return list
}
