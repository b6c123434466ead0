package store

import (
	"slices"
	"sort"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// A package's part of a block is five tables, each pointing into those before
// it: versions; statements (ranges and so on, as an advisory.Affected without
// ecosystem and name); patterns (which statement holds in which release); and
// then, for each record about the package, its ordinal and its pattern. A
// pattern is worth a table because dozens of records are often fixed by the
// same versions in the same releases.

// row says that a record makes a statement about a package in a release.
type row struct {
	record    uint32 // ordinal
	release   uint32 // index into the index's releases
	statement uint32 // index into the statements at hand
}

// The shapes of a statement's ranges; all but the first two are written out.
const (
	shapeFixed   = iota // one range from "0" to a fix
	shapeOpen           // one range from "0" without an end
	shapeGeneral        // a list
)

// encodePackage writes one package. rows are sorted by record, release and
// statement, without repetition.
func encodePackage(rows []row, statements []statement) []byte {
	var e encoder
	used, renumber := usedStatements(rows)
	versions, place := versionTable(used, statements)
	e.texts(versions)
	e.int(len(used))
	for _, s := range used {
		e.statement(&statements[s], place)
	}

	var patterns [][]row
	var ordinals, pattern []int
	seen := make(map[string]int)
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].record == rows[0].record {
			n++
		}
		key := patternKey(rows[:n], renumber)
		p, ok := seen[key]
		if !ok {
			p = len(patterns)
			seen[key] = p
			patterns = append(patterns, rows[:n])
		}
		ordinals = append(ordinals, int(rows[0].record))
		pattern = append(pattern, p)
		rows = rows[n:]
	}
	e.int(len(patterns))
	for _, p := range patterns {
		e.b = append(e.b, patternKey(p, renumber)...)
	}
	e.int(len(ordinals))
	last := 0
	for _, o := range ordinals {
		e.int(o - last)
		last = o
	}
	for _, p := range pattern {
		e.int(p)
	}
	return e.b
}

// usedStatements lists the statements of rows in the order of their first use,
// and says the place of each in that list.
func usedStatements(rows []row) (used []uint32, renumber map[uint32]int) {
	renumber = make(map[uint32]int)
	for _, r := range rows {
		if _, ok := renumber[r.statement]; !ok {
			renumber[r.statement] = len(used)
			used = append(used, r.statement)
		}
	}
	return used, renumber
}

// versionTable lists all versions of the statements in natural order, and says
// the place of each in that list.
func versionTable(used []uint32, statements []statement) (versions []string, place map[string]int) {
	place = make(map[string]int)
	for _, s := range used {
		for _, r := range statements[s].ranges {
			for _, ev := range r.Events {
				place[ev.Version] = 0
			}
		}
		for _, v := range statements[s].versions {
			place[v] = 0
		}
	}
	for v := range place {
		versions = append(versions, v)
	}
	slices.SortFunc(versions, natural)
	for i, v := range versions {
		place[v] = i
	}
	return versions, place
}

// patternKey is how a pattern is written.
func patternKey(rows []row, renumber map[uint32]int) string {
	var e encoder
	e.int(len(rows))
	for _, r := range rows {
		e.uint(uint64(r.release))
		e.int(renumber[r.statement])
	}
	return string(e.b)
}

func (e *encoder) statement(s *statement, place map[string]int) {
	shape := shapeOf(s.ranges)
	head := uint64(shape) | uint64(slices.Index(fixStates, s.fixState))<<2
	if shape != shapeGeneral && s.ranges[0].Type == advisory.SemVer {
		head |= 1 << 5
	}
	if len(s.versions) > 0 {
		head |= 1 << 6
	}
	if len(s.severities) > 0 {
		head |= 1 << 7
	}
	e.uint(head)
	switch shape {
	case shapeFixed:
		e.int(place[s.ranges[0].Events[1].Version])
	case shapeGeneral:
		e.int(len(s.ranges))
		for _, r := range s.ranges {
			e.int(len(r.Events)<<1 | int(r.Type))
			for _, ev := range r.Events {
				e.int(place[ev.Version]<<2 | int(ev.Kind))
			}
		}
	}
	if len(s.versions) > 0 {
		e.runs(s.versions, place)
	}
	if len(s.severities) > 0 {
		e.int(len(s.severities))
		for _, n := range s.severities {
			e.int(n)
		}
	}
}

func shapeOf(ranges []advisory.Range) int {
	if len(ranges) != 1 || len(ranges[0].Events) == 0 || ranges[0].Events[0] != (advisory.Event{Kind: advisory.Introduced, Version: "0"}) {
		return shapeGeneral
	}
	switch events := ranges[0].Events; {
	case len(events) == 1:
		return shapeOpen
	case len(events) == 2 && events[1].Kind == advisory.Fixed:
		return shapeFixed
	}
	return shapeGeneral
}

// runs writes listed versions as runs of the table: publishers that list
// versions list most of them.
func (e *encoder) runs(versions []string, place map[string]int) {
	at := make([]int, 0, len(versions))
	for _, v := range versions {
		at = append(at, place[v])
	}
	sort.Ints(at)
	at = slices.Compact(at)
	var runs [][2]int // first, length
	for _, p := range at {
		if n := len(runs); n > 0 && runs[n-1][0]+runs[n-1][1] == p {
			runs[n-1][1]++
		} else {
			runs = append(runs, [2]int{p, 1})
		}
	}
	e.int(len(runs))
	end := 0
	for _, r := range runs {
		e.int(r[0] - end)
		e.int(r[1])
		end = r[0] + r[1]
	}
}
