package diff

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// about is all that an index says about a package, in all releases.
type about struct {
	ecosystem, name string // ecosystem without release
	said            []advisory.Match
}

// compareAbout is the order in which indexes are walked.
func compareAbout(a, b *about) int {
	return cmp.Or(cmp.Compare(a.ecosystem, b.ecosystem), cmp.Compare(a.name, b.name))
}

// packages gives what an index says, a package at a time. An error comes last.
func packages(ctx context.Context, x Index) iter.Seq2[*about, error] {
	return func(yield func(*about, error) bool) {
		enough := errors.New("enough")
		var current *about
		err := x.Walk(ctx, func(m advisory.Match) error {
			ecosystem, _, _ := strings.Cut(m.Affected.Ecosystem, ":")
			if current != nil && current.ecosystem == ecosystem && current.name == m.Affected.Package {
				current.said = append(current.said, m)
				return nil
			}
			last := current
			current = &about{ecosystem, m.Affected.Package, []advisory.Match{m}}
			if last != nil && !yield(last, nil) {
				return enough
			}
			return nil
		})
		switch {
		case errors.Is(err, enough):
		case err != nil:
			yield(nil, err)
		case current != nil:
			yield(current, nil)
		}
	}
}

// side is one of the two indexes as it is read.
type side struct {
	next func() (*about, error, bool)
	head *about // nil at the end
}

func (s *side) advance() error {
	last := s.head
	head, err, ok := s.next()
	if !ok || err != nil {
		s.head = nil
		return err
	}
	s.head = head
	if last != nil && compareAbout(last, head) >= 0 {
		return errors.New("comparing advisory indexes: one is not in order; build or fetch it again")
	}
	return nil
}

// take gives what the index says about the package at hand, and goes on.
func (s *side) take() ([]advisory.Match, error) {
	said := s.head.said
	return said, s.advance()
}

// advisories compares what both say, package by package.
func (c *comparison) advisories(ctx context.Context) error {
	nextA, stopA := iter.Pull2(packages(ctx, c.a))
	defer stopA()
	nextB, stopB := iter.Pull2(packages(ctx, c.b))
	defer stopB()
	a, b := side{next: nextA}, side{next: nextB}
	if err := errors.Join(a.advance(), b.advance()); err != nil {
		return err
	}
	for a.head != nil || b.head != nil {
		order := 0
		switch {
		case a.head == nil:
			order = 1
		case b.head == nil:
			order = -1
		default:
			order = compareAbout(a.head, b.head)
		}
		var before, now []advisory.Match
		var err error
		if order <= 0 {
			before, err = a.take()
		}
		if order >= 0 && err == nil {
			now, err = b.take()
		}
		if err == nil {
			err = c.compare(before, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// key is what an advisory is known by within a package.
type key struct{ record, ecosystem string }

func keyOf(m advisory.Match) key { return key{m.Record.ID, m.Affected.Ecosystem} }

// compare compares what both say about one package.
func (c *comparison) compare(before, now []advisory.Match) error {
	old, keys := byKey(before)
	new, newKeys := byKey(now)
	for _, k := range newKeys {
		if old[k] == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(len(a.ecosystem), len(b.ecosystem)), cmp.Compare(a.ecosystem, b.ecosystem))
	})
	for _, k := range keys {
		change, ok, err := c.change(old[k], new[k])
		if err != nil {
			return err
		}
		if old[k] != nil {
			c.saw(k.record, inA)
		}
		if new[k] != nil {
			c.saw(k.record, inB)
		}
		if !ok {
			continue
		}
		c.saw(k.record, differs)
		if err := c.found(change); err != nil {
			return err
		}
	}
	return nil
}

// byKey groups what is said, keys in the order in which they come.
func byKey(said []advisory.Match) (map[key][]advisory.Match, []key) {
	by := make(map[key][]advisory.Match)
	var keys []key
	for _, m := range said {
		k := keyOf(m)
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], m)
	}
	return by, keys
}
