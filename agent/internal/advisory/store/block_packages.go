package store

import (
	"slices"
)

// A package's part of a block begins with the ordinals of the records about
// it. Then come tables, each pointing into those before it: versions, with the
// days on which they came out if any is known; module streams; statements
// (ranges and so on, as an advisory.Affected without ecosystem and name);
// patterns (which statement holds in which release); and at last, for each
// ordinal, its pattern. A pattern is worth a table because dozens of records
// are often fixed by the same versions in the same releases.

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
