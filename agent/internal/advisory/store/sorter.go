package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
)

// maxRuns is how many runs are merged at once; more are merged into one first.
const maxRuns = 32

// sorter puts pairs of a key and a value in the order of their keys, and pairs
// of the same key in the order in which they came. It is an external merge
// sort: what is more than limit bytes is written in sorted runs to temporary
// files, so that the memory does not grow with the input.
type sorter struct {
	dir   string // of the temporary files; "" is the system's
	limit int    // bytes held in memory
	arena []byte // keys and values one behind the other
	pairs []pair
	runs  []*run // the oldest first
}

// pair says where a key lies in the arena, the value being behind it.
type pair struct{ at, key, value uint32 }

const pairSize = 12

func (s *sorter) add(key, value []byte) error {
	if len(s.pairs) > 0 && len(s.arena)+len(key)+len(value)+pairSize*len(s.pairs) > s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.pairs = append(s.pairs, pair{uint32(len(s.arena)), uint32(len(key)), uint32(len(value))})
	s.arena = append(append(s.arena, key...), value...)
	return nil
}

func (s *sorter) key(p pair) []byte   { return s.arena[p.at : p.at+p.key] }
func (s *sorter) value(p pair) []byte { return s.arena[p.at+p.key : p.at+p.key+p.value] }

func (s *sorter) sort() {
	slices.SortFunc(s.pairs, func(a, b pair) int {
		if c := bytes.Compare(s.key(a), s.key(b)); c != 0 {
			return c
		}
		return int(int64(a.at) - int64(b.at))
	})
}

// spill writes what is in memory as a run.
func (s *sorter) spill() error {
	s.sort()
	r, err := s.newRun(func(write func(key, value []byte) error) error {
		for _, p := range s.pairs {
			if err := write(s.key(p), s.value(p)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.runs = append(s.runs, r)
	s.arena, s.pairs = s.arena[:0], s.pairs[:0]
	if len(s.runs) < maxRuns {
		return nil
	}
	all, err := s.newRun(func(write func(key, value []byte) error) error { return mergeRuns(s.runs, write) })
	s.closeRuns()
	if err == nil {
		s.runs = append(s.runs, all)
	}
	return err
}

func (s *sorter) newRun(fill func(write func(key, value []byte) error) error) (*run, error) {
	r, err := writeRun(s.dir, fill)
	if err != nil {
		return nil, fmt.Errorf("sorting advisories in a temporary file: %w", err)
	}
	return r, nil
}

// each visits all pairs in order and then forgets them. Keys and values are
// good until the next call of visit.
func (s *sorter) each(ctx context.Context, visit func(key, value []byte) error) error {
	defer s.close()
	n := 0
	paced := func(key, value []byte) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		return visit(key, value)
	}
	if len(s.runs) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
		s.arena, s.pairs = nil, nil
		return mergeRuns(s.runs, paced)
	}
	s.sort()
	for _, p := range s.pairs {
		if err := paced(s.key(p), s.value(p)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sorter) closeRuns() {
	for _, r := range s.runs {
		r.close()
	}
	s.runs = nil
}

func (s *sorter) close() {
	s.closeRuns()
	s.arena, s.pairs = nil, nil
}
