package store

import (
	"math"
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
// accepts. The statements' Ecosystem and Package are empty.
func decodePackage(body []byte, ratings []advisory.Severity, want func(release int) bool) ([]said, []advisory.Affected, error) {
	d := decoder{b: body}
	versions := d.texts()
	n := d.count(1)
	if !d.spend(uint64(n)) {
		return nil, nil, d.err
	}
	statements := make([]advisory.Affected, n)
	for i := range statements {
		statements[i] = d.statement(versions, ratings)
	}
	patterns := make([][]said, d.count(1)) // without record
	for i := range patterns {
		for range d.count(2) {
			s := said{release: int(min(d.uint(), math.MaxInt32)), statement: d.below(len(statements))}
			if want(s.release) {
				patterns[i] = append(patterns[i], s)
			}
		}
	}
	ordinals := make([]int, d.count(2))
	last := uint64(0)
	for i := range ordinals {
		last += d.uint()
		if last > 1<<31 {
			return nil, nil, errCorrupt
		}
		ordinals[i] = int(last)
	}
	var found []said
	for _, o := range ordinals {
		n := d.below(len(patterns))
		if d.err != nil {
			break
		}
		if !d.spend(uint64(len(patterns[n]))) {
			break
		}
		for _, s := range patterns[n] {
			s.record = o
			found = append(found, s)
		}
	}
	return found, statements, d.err
}

func (d *decoder) statement(versions []string, ratings []advisory.Severity) advisory.Affected {
	var a advisory.Affected
	head := d.uint()
	if n := int(head >> 2 & 7); n < len(fixStates) {
		a.FixState = fixStates[n]
	} else {
		d.fail()
	}
	kind := advisory.RangeType(head >> 5 & 1)
	zero := advisory.Event{Kind: advisory.Introduced, Version: "0"}
	switch head & 3 {
	case shapeFixed:
		a.Ranges = []advisory.Range{{Type: kind, Events: []advisory.Event{zero, {Kind: advisory.Fixed, Version: d.version(versions)}}}}
	case shapeOpen:
		a.Ranges = []advisory.Range{{Type: kind, Events: []advisory.Event{zero}}}
	case shapeGeneral:
		a.Ranges = d.ranges(versions)
	default:
		d.fail()
	}
	if head&(1<<6) != 0 {
		a.Versions = d.runs(versions)
	}
	if head&(1<<7) != 0 {
		a.Severities = d.severities(ratings)
	}
	return a
}

func (d *decoder) version(versions []string) string {
	n := d.below(len(versions))
	if d.err != nil {
		return ""
	}
	return versions[n]
}

func (d *decoder) ranges(versions []string) []advisory.Range {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	ranges := make([]advisory.Range, n)
	for i := range ranges {
		head := d.uint()
		n := head >> 1
		if n > uint64(len(d.b)) {
			d.fail()
			return nil
		}
		ranges[i].Type = advisory.RangeType(head & 1)
		ranges[i].Events = make([]advisory.Event, n)
		for j := range ranges[i].Events {
			v := d.below(len(versions) << 2)
			if d.err != nil {
				return nil
			}
			ranges[i].Events[j] = advisory.Event{Kind: advisory.EventKind(v & 3), Version: versions[v>>2]}
		}
	}
	return ranges
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
