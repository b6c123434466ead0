package match

import (
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Span is one unbroken run of affected versions: from From, that one included,
// to Before, that one excluded, or to UpTo, that one included. What is empty is
// no bound; Before and UpTo are never both set.
type Span struct {
	From   string
	Before string
	UpTo   string
	Fixed  bool // Before is a fix, and not only where the advisory stops to say anything
}

// Spans puts a range into words that people use. The events may be in any
// order; where the ecosystem's order does not tell, that of the list stands.
// It is for showing only: what is affected is decided by Match and Explain.
func Spans(ecosystem string, r advisory.Range) []Span {
	e, _ := ecosystemOf(ecosystem)
	var spans []Span
	open := false
	var limit string
	for _, event := range e.ascending(r.Events) {
		last := len(spans) - 1
		switch event.Kind {
		case advisory.Introduced:
			if !open {
				spans, open = append(spans, Span{From: from(event.Version)}), true
			}
		case advisory.Fixed:
			if open {
				spans[last].Before, spans[last].Fixed, open = event.Version, true, false
			}
		case advisory.LastAffected:
			if open {
				spans[last].UpTo, open = event.Version, false
			}
		case advisory.Limit:
			if event.Version != "*" {
				limit = event.Version // the last one counts: any limit above a version lets it in
			}
		}
	}
	if open {
		spans[len(spans)-1].Before = limit
	}
	return slices.DeleteFunc(spans, func(s Span) bool { return s.Fixed && from(s.Before) == s.From })
}

// from is an event's version as a bound; "0" is before every version.
func from(version string) string {
	if version == "0" {
		return ""
	}
	return version
}

// ascending sorts events by their versions as far as they can be compared. An
// ecosystem that has no order leaves them as they are.
func (e ecosystem) ascending(events []advisory.Event) []advisory.Event {
	if e.order == nil {
		return events
	}
	type placed struct {
		advisory.Event
		at version // nil: before every version
	}
	list := make([]placed, len(events))
	for i, event := range events {
		list[i].Event = event
		if event.Version == "0" && event.Kind != advisory.LastAffected || event.Version == "*" {
			continue
		}
		var ok bool
		if list[i].at, ok = e.order(event.Version); !ok {
			return events
		}
	}
	slices.SortStableFunc(list, func(a, b placed) int {
		switch {
		case a.at == nil && b.at == nil:
			return 0
		case a.at == nil:
			return -1
		case b.at == nil:
			return 1
		}
		c, _ := a.at.compare(b.at)
		return c
	})
	sorted := make([]advisory.Event, len(list))
	for i := range list {
		sorted[i] = list[i].Event
	}
	return sorted
}
