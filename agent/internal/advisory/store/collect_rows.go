package store

import (
	"github.com/layergate/layergate/agent/internal/advisory"
)

// row says that a record makes a statement about a package in a release.
type row struct {
	record    uint32 // ordinal
	release   uint32 // index into the index's releases
	statement uint32 // index into the statements at hand
}

// spillRow keeps what a record says about a package in a release.
func (in *intake) spillRow(key string, record uint32, release int, a *advisory.Affected) error {
	var e encoder
	e.int(in.source)
	e.int(release)
	e.uint(uint64(record))
	dates := make([]advisory.FixDate, 0, len(a.FixDates))
	for _, f := range a.FixDates {
		if dayNumber(f.Day) > 0 && in.believes(f.Day) {
			dates = append(dates, f)
		}
	}
	e.int(len(dates))
	for _, f := range dates {
		e.text(f.Version)
		e.uint(uint64(dayNumber(f.Day)))
	}
	e.spill(a, in.numbered(a.Severities))
	return in.rows.add([]byte(key), e.b)
}

// maxGathered bounds the bytes of different statements about one package. In
// the index they take a small part of it, and there maxBlock is the limit.
const maxGathered = 128 << 20

// gathered is all that is said about one package.
type gathered struct {
	key        string
	rows       []row
	statements []statement
	numberOf   map[string]uint32 // of a statement, by its spilled form
	size       int               // bytes of the spilled statements
	days       map[string]int64  // the earliest that a publisher gives for a version
	sources    map[origin]bool

	// fixedIn says which sources have a fix at a version, in which releases.
	fixedIn map[string]map[origin]bool
}

// origin is who speaks of a package, in which release.
type origin struct{ source, release int }

func newGathered(key string) *gathered {
	return &gathered{
		key:      key,
		numberOf: make(map[string]uint32),
		days:     make(map[string]int64),
		sources:  make(map[origin]bool),
		fixedIn:  make(map[string]map[origin]bool),
	}
}

// add takes in a row as spillRow wrote it.
func (g *gathered) add(value []byte, l *layout) error {
	d := decoder{b: value}
	from := origin{source: d.int(), release: d.int()}
	record := d.int()
	for range d.count(2) {
		version, day := string(d.bytes()), int64(d.uint())
		if old, ok := g.days[version]; !ok || day < old {
			g.days[version] = day
		}
	}
	n, ok := g.numberOf[string(d.b)]
	if !ok {
		n = uint32(len(g.statements))
		g.numberOf[string(d.b)] = n
		g.statements = append(g.statements, d.spilled(l.place))
		g.size += len(value)
	}
	if d.err != nil {
		return d.err
	}
	g.sources[from] = true
	if l.before != nil {
		g.statements[n].fixes(func(version string) { g.fixedBy(version, from) })
	}
	g.rows = append(g.rows, row{record: l.ordinal[record], release: uint32(from.release), statement: n})
	if len(g.rows) > 4*maxUnfolded { // some may be there twice
		g.rows = sortedRows(g.rows)
		if len(g.rows) > maxUnfolded {
			return errTooMuch
		}
	}
	if g.size > maxGathered {
		return errTooMuch
	}
	return nil
}

func (g *gathered) fixedBy(version string, from origin) {
	if g.fixedIn[version] == nil {
		g.fixedIn[version] = make(map[origin]bool)
	}
	g.fixedIn[version][from] = true
}
