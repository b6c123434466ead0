package match

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// Answer is whether an advisory holds for a version.
type Answer string

// The answers.
const (
	Affected    Answer = "affected"
	NotAffected Answer = "not-affected"
	Undecided   Answer = "undecided" // the versions cannot be compared
)

// Explanation is what Match decides about one version and one advisory, and
// why.
type Explanation struct {
	Answer   Answer
	Reason   string           // half a sentence: "before the fix 1.2.0"
	FixState finding.FixState // only of what is affected
	FixedIn  []string         // the nearest upgrade of each range that the version lies in
}

// Explain says what Match decides about a version of a package by what one
// record says about that package, and why. All of said are of the same record
// and among the Advisories about the package; the version is the source
// package's in an ecosystem of which BySource is true. Of an rpm's module
// stream, which a version does not name, it knows no more than Match does of a
// package without a label.
func Explain(ecosystem, version string, said ...advisory.Match) Explanation {
	e, ok := ecosystemOf(ecosystem)
	if !ok {
		return Explanation{Answer: Undecided, Reason: "versions of " + ecosystem + " cannot be compared"}
	}
	if base, _, _ := strings.Cut(ecosystem, ":"); base == "Go" && unversioned(&inventory.Package{Type: "golang", Version: version}) {
		return Explanation{Answer: Undecided, Reason: "a Go module built from a working copy has no version; scans pass it over"}
	}
	meant := e.sameLine(ecosystem, version, said)
	if len(meant) == 0 {
		return Explanation{Answer: NotAffected, Reason: otherLine(said)}
	}
	hits, doubts := e.decide(meant, version)
	a, v := united(meant), e.parse(version)
	switch {
	case len(hits) > 0:
		return e.affected(ecosystem, a, v, hits)
	case len(doubts) > 0:
		return Explanation{Answer: Undecided, Reason: e.whyUndecided(ecosystem, a, v)}
	}
	return Explanation{Answer: NotAffected, Reason: e.whyNot(ecosystem, a, v)}
}

// sameLine leaves out what is said about another line of builds than the
// version's.
func (e ecosystem) sameLine(ecosystem, version string, said []advisory.Match) []advisory.Match {
	p := inventory.Package{Ecosystem: ecosystem, Version: version}
	if e.rpm() {
		p.Type = "rpm"
	}
	var meant []advisory.Match
	for _, m := range said {
		if sameLine(&p, &m.Affected) {
			meant = append(meant, m)
		}
	}
	return meant
}

func otherLine(said []advisory.Match) string {
	for _, m := range said {
		if m.Affected.Module != "" {
			return "the advisory is for builds of the module stream " + m.Affected.Module + " only"
		}
	}
	return "the advisory is for another line of builds (a module's, Ksplice's or FIPS's, or else none of these)"
}

// united has the ranges and versions of all that is said.
func united(said []advisory.Match) *advisory.Affected {
	var a advisory.Affected
	for _, m := range said {
		a.Ranges = append(a.Ranges, m.Affected.Ranges...)
		a.Versions = append(a.Versions, m.Affected.Versions...)
	}
	return &a
}

func (e ecosystem) affected(ecosystem string, a *advisory.Affected, v installed, hits []hit) Explanation {
	x := Explanation{Answer: Affected, Reason: e.whyAffected(ecosystem, a, v)}
	if module := hits[0].Affected.Module; module != "" {
		x.Reason += ", in the module stream " + module
	}
	x.FixState, x.FixedIn = problem{hits: hits}.fix()
	return x
}
