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
	if n > packagesMost {
		return nil, errCorrupt
	}
	p := packageBlockIn{bodies: make([][]byte, n)}
	p.keys = d.followersThen(n, func(i int) { p.bodies[i] = d.bytes() })
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
