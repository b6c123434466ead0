package store

import (
	"crypto/sha256"
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// collection gathers what feeds emit. What grows with the input goes through
// three sorters: parts of records, rows of packages, and facts of CVEs. In
// memory stay only what is small and what must be asked while feeds are read.
type collection struct {
	records sorter // by source and id: parts of a record, see spillRecord
	rows    sorter // by package: see spillRow
	facts   sorter // by CVE: see spillFact

	numberOf map[idSum]uint32 // of a record, by its id
	sourceOf []uint32         // of each record: the source that had it first
	releases numbers[string]
	ratings  numbers[advisory.Severity]
	packages []int // of each source, as in SourceReport

	// owner says which feed, of those that are the publisher's own form,
	// speaks for an ecosystem with release; "" where only derived ones do.
	owner map[string]string

	// covers lists, for each source, the ecosystems that it has data for.
	covers map[string]map[ecosystem]bool
}

// ecosystem is one with its release, if it has releases.
type ecosystem struct{ base, release string }

// idSum stands for an id: in a table of millions the ids themselves would take
// several times the memory. It is cut from a cryptographic hash since ids may
// be chosen to collide.
type idSum [16]byte

// The shares of the sorters in the memory that a compilation may use.
const (
	defaultMemory = 128 << 20
	rowsShare     = 2
	recordsShare  = 4
	factsShare    = 4
)

func newCollection(o Options) *collection {
	memory := o.memory
	if memory == 0 {
		memory = defaultMemory
	}
	c := &collection{
		records:  sorter{dir: o.TempDir, limit: memory / recordsShare},
		rows:     sorter{dir: o.TempDir, limit: memory / rowsShare},
		facts:    sorter{dir: o.TempDir, limit: memory / factsShare},
		numberOf: make(map[idSum]uint32),
		owner:    make(map[string]string),
		covers:   make(map[string]map[ecosystem]bool),
	}
	c.releases.of("")
	return c
}

func (c *collection) close() {
	c.records.close()
	c.rows.close()
	c.facts.close()
}

// number is a record's, in the order in which ids first came.
func (c *collection) number(id string, source int) uint32 {
	full := sha256.Sum256([]byte(id))
	sum := idSum(full[:])
	n, ok := c.numberOf[sum]
	if !ok {
		n = uint32(len(c.sourceOf))
		c.numberOf[sum] = n
		c.sourceOf = append(c.sourceOf, uint32(source))
	}
	return n
}

// intake is the feed.Sink for one unit.
type intake struct {
	*collection
	unit   feed.Unit
	source int
	report *SourceReport
	latest time.Time // dates after it are not believed; zero: any is
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

// Record takes in one record; parts that come under the same id are joined
// when the index is written.
func (in *intake) Record(r *advisory.Record) error {
	taken := false
	var number uint32
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
		if !taken {
			taken = true
			number = in.number(r.ID, in.source)
			if err := in.keep(number, r); err != nil {
				return err
			}
		}
		in.covers[in.unit.Source][ecosystem{base, release}] = true
		if err := in.spillRow(base+"\x00"+name, number, in.releases.of(release), a); err != nil {
			return err
		}
	}
	if taken {
		in.report.Records++
	}
	return nil
}

// keep takes in a record without what it affects.
func (in *intake) keep(number uint32, r *advisory.Record) error {
	if err := in.spillRecord(number, r); err != nil {
		return err
	}
	return in.rate(r)
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
