package diff

import (
	"cmp"
	"context"
	"errors"
	"iter"
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

// known is what an index knows of a CVE.
type known struct {
	cve string
	advisory.Facts
}

// compareKnown is by year and number, as indexes are walked.
func compareKnown(a, b *known) int {
	const year = len("CVE-2024-")
	return cmp.Or(cmp.Compare(a.cve[:min(year, len(a.cve))], b.cve[:min(year, len(b.cve))]),
		cmp.Compare(len(a.cve), len(b.cve)), cmp.Compare(a.cve, b.cve))
}

// packages gives what an index says, a package at a time. An error comes last.
func packages(ctx context.Context, x Index) iter.Seq2[*about, error] {
	return func(yield func(*about, error) bool) {
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
				return errEnough
			}
			return nil
		})
		switch {
		case errors.Is(err, errEnough):
		case err != nil:
			yield(nil, err)
		case current != nil:
			yield(current, nil)
		}
	}
}

// facts gives what an index knows of CVEs. An error comes last.
func facts(ctx context.Context, x Index) iter.Seq2[*known, error] {
	return func(yield func(*known, error) bool) {
		err := x.WalkFacts(ctx, func(cve string, f advisory.Facts) error {
			if !yield(&known{cve, f}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// errEnough ends a walk that nobody listens to any more.
var errEnough = errors.New("enough")

// side is one of the two indexes as it is read.
type side[T any] struct {
	next  func() (*T, error, bool)
	head  *T // nil at the end
	order func(a, b *T) int
}

func (s *side[T]) advance() error {
	last := s.head
	head, err, ok := s.next()
	if !ok || err != nil {
		s.head = nil
		return err
	}
	s.head = head
	if last != nil && s.order(last, head) >= 0 {
		return errors.New("comparing advisory indexes: one is not in order; build or fetch it again")
	}
	return nil
}

// take gives what is at hand, and goes on.
func (s *side[T]) take() (*T, error) {
	head := s.head
	return head, s.advance()
}

// merge calls visit with what both have in common and with what only one has,
// nil for the other, in order.
func merge[T any](before, now iter.Seq2[*T, error], order func(a, b *T) int, visit func(before, now *T) error) error {
	nextA, stopA := iter.Pull2(before)
	defer stopA()
	nextB, stopB := iter.Pull2(now)
	defer stopB()
	a, b := side[T]{next: nextA, order: order}, side[T]{next: nextB, order: order}
	if err := cmp.Or(a.advance(), b.advance()); err != nil {
		return err
	}
	for a.head != nil || b.head != nil {
		c := 0
		switch {
		case a.head == nil:
			c = 1
		case b.head == nil:
			c = -1
		default:
			c = order(a.head, b.head)
		}
		var old, new *T
		var err error
		if c <= 0 {
			old, err = a.take()
		}
		if c >= 0 && err == nil {
			new, err = b.take()
		}
		if err == nil {
			err = visit(old, new)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
