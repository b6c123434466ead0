package match

import (
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// answer is whether an advisory holds for a version.
type answer uint8

const (
	no answer = iota
	unknown
	yes
)

// installed is a package's version. parsed is nil where the ecosystem does not
// take it for a version.
type installed struct {
	text   string
	parsed version
}

func (e ecosystem) parse(text string) installed {
	v, ok := e.order(text)
	if !ok {
		v = nil
	}
	return installed{text, v}
}

// fix is a version that ends a range.
type fix struct {
	text   string
	parsed version
}

// holds says whether a holds for v: it does if any of its ranges has v or if
// v is listed. A range's type is not asked: the ecosystem's order is at least
// as exact as semantic versioning's.
//
// fixes has, for each range that v lies in, the nearest version that ends it;
// where v is only listed, that of every range.
func (e ecosystem) holds(a *advisory.Affected, v installed) (answer, []fix) {
	result := no
	var fixes, others []fix
	for _, r := range a.Ranges {
		in, f := e.inRange(r, v.parsed)
		result = max(result, in)
		switch {
		case f.parsed == nil:
		case in == yes:
			fixes = append(fixes, f)
		default:
			others = append(others, f)
		}
	}
	if result != yes && e.listed(a.Versions, v) {
		return yes, others
	}
	if result == no && v.parsed == nil && len(a.Versions) > 0 {
		return unknown, nil
	}
	return result, fixes
}

// inRange goes by the last event at or before v, whatever the order that they
// are listed in (https://ossf.github.io/osv-schema/#evaluation).
func (e ecosystem) inRange(r advisory.Range, v version) (in answer, nearest fix) {
	var last version // nil: before every version
	limits, within := 0, 0
	for _, event := range r.Events {
		at, c := version(nil), 1
		if event.Version != "0" || event.Kind == advisory.LastAffected {
			var ok bool
			if event.Kind == advisory.Limit && event.Version == "*" {
				continue
			}
			if at, ok = e.order(event.Version); !ok || v == nil {
				return unknown, fix{}
			}
			if c, ok = v.compare(at); !ok {
				return unknown, fix{}
			}
		}
		switch event.Kind {
		case advisory.Limit:
			limits++
			if c < 0 {
				within++
			}
			continue
		case advisory.Fixed:
			if c < 0 && (nearest.parsed == nil || older(at, nearest.parsed)) {
				nearest = fix{event.Version, at}
			}
		}
		if c < 0 || c == 0 && event.Kind == advisory.LastAffected {
			continue // it comes after v
		}
		if last != nil && (at == nil || older(at, last)) {
			continue // a later one counts
		}
		last, in = at, no
		if event.Kind == advisory.Introduced {
			in = yes
		}
	}
	if limits > 0 && within == 0 {
		in = no
	}
	return in, nearest
}

// older compares two events of one range. Where nobody can tell, the order in
// which they are listed stands, which OSV asks to be ascending.
func older(a, b version) bool {
	c, ok := a.compare(b)
	return ok && c < 0
}

// listed says whether v is one of versions, by its text or as the ecosystem
// sees it (1.0 and 1.0.0).
func (e ecosystem) listed(versions []string, v installed) bool {
	if slices.Contains(versions, v.text) {
		return true
	}
	if v.parsed == nil {
		return false
	}
	for _, text := range versions {
		if numbersDiffer(v.text, text) { // most do, and it is quickly said
			continue
		}
		if w, ok := e.order(text); ok {
			if c, ok := v.parsed.compare(w); ok && c == 0 {
				return true
			}
		}
	}
	return false
}

// numbersDiffer says that two versions cannot be the same in any order of
// application packages, since the numbers that they begin with are not: 1.2
// and 1.3, unlike 1.2 and 1.2.0.
func numbersDiffer(a, b string) bool {
	a, b = strings.TrimLeft(a, "vV= "), strings.TrimLeft(b, "vV= ")
	for a != "" || b != "" {
		var m, n string
		m, a = digits(a)
		n, b = digits(b)
		if compareNumbers(m, n) != 0 {
			return true
		}
		a, b = nextNumber(a), nextNumber(b)
	}
	return false
}

// nextNumber is what follows the dot that s begins with, if it is a number.
func nextNumber(s string) string {
	if len(s) > 1 && s[0] == '.' && isDigit(s[1]) {
		return s[1:]
	}
	return ""
}

// fixState is what the advisory says of a fix: a version if a range ends in
// one, else what the vendor says, else that there is none. Where a range ends
// without naming what comes next, nobody knows.
func fixState(a *advisory.Affected, fixes []fix) finding.FixState {
	if len(fixes) > 0 {
		return finding.Fixed
	}
	if a.FixState != "" && a.FixState != finding.Fixed {
		return a.FixState
	}
	if len(a.Ranges) == 0 {
		return finding.FixUnknown
	}
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Kind == advisory.LastAffected || event.Kind == advisory.Limit {
				return finding.FixUnknown
			}
		}
	}
	return finding.NotFixed
}
