package store

import (
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// statement is an advisory.Affected without ecosystem, package and fix dates,
// its severities as numbers of ratings.
type statement struct {
	ranges     []advisory.Range
	versions   []string
	severities []int
	fixState   finding.FixState
	module     string
}

// fixStates are numbered by their place here.
var fixStates = []finding.FixState{"", finding.Fixed, finding.NotFixed, finding.WillNotFix, finding.FixUnknown}

// spill writes what is said of a package on its way through a sorter: the same
// bytes for the same words.
func (e *encoder) spill(a *advisory.Affected, severities []int) {
	e.int(slices.Index(fixStates, a.FixState))
	e.text(a.Module)
	e.int(len(a.Ranges))
	for _, r := range a.Ranges {
		e.int(int(r.Type))
		e.int(len(r.Events))
		for _, ev := range r.Events {
			e.int(int(ev.Kind))
			e.text(ev.Version)
		}
	}
	versions := slices.Compact(slices.Sorted(slices.Values(a.Versions)))
	e.int(len(versions))
	for _, v := range versions {
		e.text(v)
	}
	e.numbers(severities)
}

// spilled reads what spill wrote; place gives the ratings their final numbers.
func (d *decoder) spilled(place []int) statement {
	s := statement{fixState: fixStates[d.below(len(fixStates))], module: string(d.bytes())}
	s.ranges = make([]advisory.Range, d.count(2))
	for i := range s.ranges {
		s.ranges[i].Type = advisory.RangeType(d.uint())
		s.ranges[i].Events = make([]advisory.Event, d.count(2))
		for j := range s.ranges[i].Events {
			s.ranges[i].Events[j] = advisory.Event{Kind: advisory.EventKind(d.uint()), Version: string(d.bytes())}
		}
	}
	s.versions = make([]string, d.count(1))
	for i := range s.versions {
		s.versions[i] = string(d.bytes())
	}
	s.severities = renumbered(d.numbers(), place)
	return s
}

// fixes lists the versions at which the statement has fixes.
func (s *statement) fixes(visit func(version string)) {
	for _, r := range s.ranges {
		for _, ev := range r.Events {
			if ev.Kind == advisory.Fixed {
				visit(ev.Version)
			}
		}
	}
}

func (e *encoder) numbers(list []int) {
	e.int(len(list))
	for _, n := range list {
		e.int(n)
	}
}

func (d *decoder) numbers() []int {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	list := make([]int, n)
	for i := range list {
		list[i] = int(d.uint())
	}
	return list
}

func renumbered(list, place []int) []int {
	for i, n := range list {
		list[i] = place[n]
	}
	return list
}
