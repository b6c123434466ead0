package store

import (
	"math"
	"slices"
	"sort"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// packageBlockIn is a decoded package block: its packages are decoded when
// they are looked up.
type packageBlockIn struct {
	keys   []string // ascending
	bodies [][]byte
}

func decodePackages(data []byte) (*packageBlockIn, error) {
	d := decoder{b: data}
	n := d.count(3)
	if n > packagesMost {
		return nil, errCorrupt
	}
	p := packageBlockIn{keys: make([]string, n), bodies: make([][]byte, n)}
	previous := ""
	for i := range p.keys {
		p.keys[i] = d.follow(previous)
		p.bodies[i] = d.bytes()
		previous = p.keys[i]
	}
	return &p, d.err
}

func (p *packageBlockIn) find(key string) []byte {
	i := sort.SearchStrings(p.keys, key)
	if i == len(p.keys) || p.keys[i] != key {
		return nil
	}
	return p.bodies[i]
}

// said is that a record (by ordinal) makes a statement (by its place in the
// package's table) about a release (by its place in the index's releases).
type said struct{ record, release, statement int }

// decodePackage reads what is said about a package in the releases that want
// accepts, and all of its statements, whose Ecosystem and Package are empty.
func decodePackage(body []byte, ratings []advisory.Severity, want func(release int) bool) ([]said, []advisory.Affected, error) {
	d := decoder{b: body}
	ordinals := d.ordinals()
	t := packageTables{ratings: ratings}
	n := d.count(2)
	if !d.spend(uint64(n)) {
		return nil, nil, d.err
	}
	t.versions = d.followers(n)
	t.days = d.days(len(t.versions))
	n = d.count(2)
	if !d.spend(uint64(n)) {
		return nil, nil, d.err
	}
	t.modules = d.followers(n)
	n = d.count(1)
	if !d.spend(uint64(n)) {
		return nil, nil, d.err
	}
	statements := make([]advisory.Affected, n)
	for i := range statements {
		statements[i] = d.statement(&t)
	}
	patterns := d.patterns(len(statements), want)
	var found []said
	for _, o := range ordinals {
		n := d.below(len(patterns))
		if d.err != nil || !d.spend(uint64(len(patterns[n]))) {
			break
		}
		for _, s := range patterns[n] {
			s.record = o
			found = append(found, s)
		}
	}
	return found, statements, d.err
}

// ordinals reads which records are about a package.
func (d *decoder) ordinals() []int {
	list := make([]int, d.count(2))
	last := uint64(0)
	for i := range list {
		last += d.uint()
		if last > 1<<31 {
			d.fail()
			return nil
		}
		list[i] = int(last)
	}
	return list
}

// patterns reads the table of patterns, of the releases that want accepts.
func (d *decoder) patterns(statements int, want func(release int) bool) [][]said {
	n := d.count(1)
	if !d.spend(uint64(n)) {
		return nil
	}
	patterns := make([][]said, n)
	for i := range patterns {
		n := d.count(2)
		if !d.spend(uint64(n)) {
			return nil
		}
		for range n {
			s := said{release: int(min(d.uint(), math.MaxInt32)), statement: d.below(statements)}
			if want(s.release) {
				patterns[i] = append(patterns[i], s)
			}
		}
	}
	return patterns
}

// packageTables is what a package's statements point into.
type packageTables struct {
	versions []string
	days     []fixDay // of each version; nil where none is known
	modules  []string
	ratings  []advisory.Severity
}

// days reads the days of so many versions.
func (d *decoder) days(versions int) []fixDay {
	if d.below(2) == 0 {
		return nil
	}
	list := make([]fixDay, versions)
	last := int64(0)
	for i := range list {
		if v := d.uint(); v > 0 {
			last += unzigzag((v - 1) >> 1)
			list[i] = fixDay{last, (v-1)&1 == 1}
		}
	}
	return list
}

func (d *decoder) statement(t *packageTables) advisory.Affected {
	var a advisory.Affected
	head := d.uint()
	if n := int(head >> 2 & 7); n < len(fixStates) {
		a.FixState = fixStates[n]
	} else {
		d.fail()
	}
	var kind advisory.RangeType
	if head&headSemVer != 0 {
		kind = advisory.SemVer
	}
	var fixes []int // places of versions
	zero := advisory.Event{Kind: advisory.Introduced, Version: "0"}
	switch head & 3 {
	case shapeFixed:
		v := d.below(len(t.versions))
		if d.err != nil {
			return a
		}
		fixes = []int{v}
		a.Ranges = []advisory.Range{{Type: kind, Events: []advisory.Event{zero, {Kind: advisory.Fixed, Version: t.versions[v]}}}}
	case shapeOpen:
		a.Ranges = []advisory.Range{{Type: kind, Events: []advisory.Event{zero}}}
	case shapeGeneral:
		a.Ranges, fixes = d.ranges(t.versions)
	default:
		d.fail()
	}
	a.FixDates = t.fixDates(fixes)
	if head&headVersions != 0 {
		a.Versions = d.runs(t.versions)
	}
	if head&headSeverities != 0 {
		a.Severities = d.severities(t.ratings)
	}
	if head&headModule != 0 {
		if n := d.below(len(t.modules)); d.err == nil {
			a.Module = t.modules[n]
		}
	}
	return a
}

// fixDates gives what is known of the days of versions, in their order.
func (t *packageTables) fixDates(fixes []int) []advisory.FixDate {
	if t.days == nil {
		return nil
	}
	slices.Sort(fixes)
	var dates []advisory.FixDate
	for _, v := range slices.Compact(fixes) {
		if day := dayTime(t.days[v].day); !day.IsZero() {
			dates = append(dates, advisory.FixDate{Version: t.versions[v], Day: day, FirstSeen: t.days[v].firstSeen})
		}
	}
	return dates
}

// ranges reads a list of ranges, and says which versions are fixes in them.
func (d *decoder) ranges(versions []string) (ranges []advisory.Range, fixes []int) {
	n := d.count(1)
	if n == 0 || !d.spend(uint64(n)) {
		return nil, nil
	}
	ranges = make([]advisory.Range, n)
	for i := range ranges {
		head := d.uint()
		if n := head >> 1; n > uint64(len(d.b)) || !d.spend(n) {
			d.fail()
			return nil, nil
		}
		ranges[i].Type = advisory.RangeType(head & 1)
		ranges[i].Events = make([]advisory.Event, head>>1)
		for j := range ranges[i].Events {
			v := d.below(len(versions) << 2)
			if d.err != nil {
				return nil, nil
			}
			ranges[i].Events[j] = advisory.Event{Kind: advisory.EventKind(v & 3), Version: versions[v>>2]}
			if ranges[i].Events[j].Kind == advisory.Fixed {
				fixes = append(fixes, v>>2)
			}
		}
	}
	return ranges, fixes
}

func (d *decoder) runs(versions []string) []string {
	var list []string
	end := uint64(0)
	for range d.count(2) {
		first := end + d.uint()
		n := d.uint()
		if first > uint64(len(versions)) || n > uint64(len(versions))-first || !d.spend(n) {
			d.fail()
			return nil
		}
		list = append(list, versions[first:first+n]...)
		end = first + n
	}
	return list
}
