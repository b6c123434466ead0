package store

import (
	"slices"
	"sort"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// The shapes of a statement's ranges; all but the first two are written out.
const (
	shapeFixed   = iota // one range from "0" to a fix
	shapeOpen           // one range from "0" without an end
	shapeGeneral        // a list
)

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
