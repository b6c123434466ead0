package store

import (
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// statement is an advisory.Affected without ecosystem and package, its
// severities as numbers of ratings.
type statement struct {
	ranges     []advisory.Range
	versions   []string
	severities []int
	fixState   finding.FixState
}

// fixStates are numbered by their place here.
var fixStates = []finding.FixState{"", finding.Fixed, finding.NotFixed, finding.WillNotFix, finding.FixUnknown}

// state gives what is said of a package a number, the same for the same words.
func (in *intake) state(a *advisory.Affected) uint32 {
	s := statement{
		ranges:     a.Ranges,
		versions:   slices.Compact(slices.Sorted(slices.Values(a.Versions))),
		severities: in.numbered(a.Severities),
		fixState:   a.FixState,
	}
	key := s.key()
	n, ok := in.statedAt[key]
	if !ok {
		n = uint32(len(in.statements))
		in.statedAt[key] = n
		in.statements = append(in.statements, s)
	}
	return n
}

// key is the same for statements that say the same.
func (s *statement) key() string {
	var e encoder
	e.text(string(s.fixState))
	e.int(len(s.ranges))
	for _, r := range s.ranges {
		e.int(int(r.Type))
		e.int(len(r.Events))
		for _, ev := range r.Events {
			e.int(int(ev.Kind))
			e.text(ev.Version)
		}
	}
	e.int(len(s.versions))
	for _, v := range s.versions {
		e.text(v)
	}
	for _, n := range s.severities {
		e.int(n)
	}
	return string(e.b)
}
