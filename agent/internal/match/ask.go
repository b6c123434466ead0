package match

import (
	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// Advisories are all advisories that Match asks about a version of a
// package, in the index's order. name is the source package's in an ecosystem
// of which BySource is true. Without a version they are those of the ecosystem
// itself; with one, those of others that its builds may be from besides
// (Ubuntu Pro's).
func Advisories(idx Index, ecosystem, name, version string) ([]advisory.Match, error) {
	m := &matching{idx: idx, matches: make(map[subject][]advisory.Match)}
	return m.advisories(ecosystem, named{name, version})
}

// Comparable says whether versions of an ecosystem can be compared. Packages of
// one where they cannot are a gap of a scan, whatever advisories there are.
func Comparable(ecosystem string) bool {
	_, ok := ecosystemOf(ecosystem)
	return ok
}

// BySource says whether an ecosystem's advisories name source packages, where
// those who ask may have a binary package's name.
func BySource(ecosystem string) bool {
	e, _ := ecosystemOf(ecosystem)
	return e.source
}

// PublicID is how results call a record: without the prefix that OSV's schema
// reserves for those who have no ids of their own.
func PublicID(id string) string { return publicID(id) }

// Severity is how bad a scan finds what an advisory is about, who says so, and
// all ratings, best first. facts are of the advisory's CVE; the zero value
// where it has none.
func Severity(m advisory.Match, facts advisory.Facts) (finding.Severity, string, []finding.Rating) {
	e, _ := ecosystemOf(m.Affected.Ecosystem)
	ratings := recordRatings([]hit{{Match: &m}}, e.distro())
	return rate(append(ratings, factRatings(facts)...))
}

// FixState is what an advisory says of a fix for its package, whichever the
// version.
func FixState(a advisory.Affected) finding.FixState {
	var fixes []fix
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Kind == advisory.Fixed {
				fixes = append(fixes, fix{text: event.Version})
			}
		}
	}
	return fixState(&a, fixes)
}

// distro says whether the ecosystem's packages are a distro's, which it shares
// with all who use its order of versions.
func (e ecosystem) distro() bool {
	switch e.example().(type) {
	case debianVersion, alpineVersion, rpmVersion:
		return true
	}
	return false
}

func (e ecosystem) rpm() bool {
	_, ok := e.example().(rpmVersion)
	return ok
}

// example is a version in the ecosystem's order.
func (e ecosystem) example() version {
	if e.order == nil {
		return nil
	}
	v, _ := e.order("1")
	return v
}
