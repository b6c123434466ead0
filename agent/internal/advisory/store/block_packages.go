package store

import (
	"slices"
	"sort"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// A package's part of a block begins with the ordinals of the records about
// it. Then come tables, each pointing into those before it: versions, with the
// days on which they came out if any is known; module streams; statements
// (ranges and so on, as an advisory.Affected without ecosystem and name);
// patterns (which statement holds in which release); and at last, for each
// ordinal, its pattern. A pattern is worth a table because dozens of records
// are often fixed by the same versions in the same releases.

// The shapes of a statement's ranges; all but the first two are written out.
const (
	shapeFixed   = iota // one range from "0" to a fix
	shapeOpen           // one range from "0" without an end
	shapeGeneral        // a list
)

// encodePackage writes one package. rows are sorted by record, release and
// statement, without repetition; days are those of versions that fix something.
func encodePackage(rows []row, statements []statement, days map[string]fixDay) []byte {
	used, renumber := usedStatements(rows)
	versions, place := versionTable(used, statements)
	modules, modulePlace := moduleTable(used, statements)
	ordinals, pattern, patterns := patternsOf(rows, renumber)

	var e encoder
	e.int(len(ordinals))
	last := 0
	for _, o := range ordinals {
		e.int(o - last)
		last = o
	}
	e.texts(versions)
	e.days(versions, days)
	e.texts(modules)
	e.int(len(used))
	for _, s := range used {
		e.statement(&statements[s], place, modulePlace)
	}
	e.int(len(patterns))
	for _, p := range patterns {
		e.b = append(e.b, p...)
	}
	for _, p := range pattern {
		e.int(p)
	}
	return e.b
}

// patternsOf lists the records of rows, and for each the number of its
// pattern.
func patternsOf(rows []row, renumber map[uint32]int) (ordinals, pattern []int, patterns []string) {
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
			patterns = append(patterns, key)
		}
		ordinals = append(ordinals, int(rows[0].record))
		pattern = append(pattern, p)
		rows = rows[n:]
	}
	return ordinals, pattern, patterns
}

// days writes a day for each version: 0 where it is unknown, else one more
// than twice the distance from the day before, odd if it was only seen then.
func (e *encoder) days(versions []string, days map[string]fixDay) {
	known := slices.ContainsFunc(versions, func(v string) bool { return days[v].day > 0 })
	if !known {
		e.int(0)
		return
	}
	e.int(1)
	last := int64(0)
	for _, v := range versions {
		f := days[v]
		if f.day == 0 {
			e.int(0)
			continue
		}
		distance := zigzag(f.day - last)
		last = f.day
		if f.firstSeen {
			e.uint(distance<<1 + 2)
		} else {
			e.uint(distance<<1 + 1)
		}
	}
}

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

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

// moduleTable lists the module streams of the statements in natural order.
func moduleTable(used []uint32, statements []statement) (modules []string, place map[string]int) {
	place = make(map[string]int)
	for _, s := range used {
		if m := statements[s].module; m != "" {
			place[m] = 0
		}
	}
	for m := range place {
		modules = append(modules, m)
	}
	slices.SortFunc(modules, natural)
	for i, m := range modules {
		place[m] = i
	}
	return modules, place
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

// The bits of a statement's head above its shape (two bits) and its fix state
// (three).
const (
	headSemVer = 1 << (5 + iota)
	headVersions
	headSeverities
	headModule
)

func (e *encoder) statement(s *statement, place, modules map[string]int) {
	shape := shapeOf(s.ranges)
	head := uint64(shape) | uint64(slices.Index(fixStates, s.fixState))<<2
	if shape != shapeGeneral && s.ranges[0].Type == advisory.SemVer {
		head |= headSemVer
	}
	if len(s.versions) > 0 {
		head |= headVersions
	}
	if len(s.severities) > 0 {
		head |= headSeverities
	}
	if s.module != "" {
		head |= headModule
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
		e.numbers(s.severities)
	}
	if s.module != "" {
		e.int(modules[s.module])
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
