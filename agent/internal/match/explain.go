package match

import (
	"fmt"
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
	meant := e.sameLine(version, said)
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
func (e ecosystem) sameLine(version string, said []advisory.Match) []advisory.Match {
	p := inventory.Package{Version: version}
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

// whyAffected names the span that v lies in.
func (e ecosystem) whyAffected(ecosystem string, a *advisory.Affected, v installed) string {
	for _, r := range a.Ranges {
		if in, _ := e.inRange(r, v.parsed); in != yes {
			continue
		}
		for _, s := range Spans(ecosystem, r) {
			if e.reaches(s, v) && !e.ended(s, v) {
				return s.around()
			}
		}
	}
	if len(a.Ranges) == 0 || e.listed(a.Versions, v) {
		return fmt.Sprintf("it is one of the %d versions listed", len(a.Versions))
	}
	return "it lies in a range of the advisory"
}

// around says that a version lies in s.
func (s Span) around() string {
	end := ""
	switch {
	case s.Fixed:
		end = "before the fix " + s.Before
	case s.Before != "":
		end = "before " + s.Before + ", where the advisory ends"
	case s.UpTo != "":
		end = "not after " + s.UpTo + ", the last that is affected"
	}
	switch {
	case s.From == "" && end == "":
		return "every version is affected"
	case s.From == "":
		return end
	case end == "":
		return "at or after " + s.From + ", where it was introduced"
	}
	return "at or after " + s.From + " and " + end
}

// whyNot names the nearest ends below v and the nearest beginning above it.
func (e ecosystem) whyNot(ecosystem string, a *advisory.Affected, v installed) string {
	var below, above *Span
	for _, r := range a.Ranges {
		for _, s := range Spans(ecosystem, r) {
			switch {
			case !e.reaches(s, v):
				if above == nil || e.less(s.From, above.From) {
					above = &s
				}
			case below == nil || e.less(below.end(), s.end()):
				below = &s
			}
		}
	}
	var reasons []string
	switch {
	case below == nil:
	case below.Fixed:
		reasons = append(reasons, "at or after the fix "+below.Before)
	case below.UpTo != "":
		reasons = append(reasons, "after "+below.UpTo+", the last that is affected")
	default:
		reasons = append(reasons, "at or after "+below.Before+", where the advisory ends")
	}
	switch {
	case above == nil:
	case below == nil:
		reasons = append(reasons, "before "+above.From+", where it was introduced")
	default:
		reasons = append(reasons, "before "+above.From+", where it comes back")
	}
	if len(reasons) == 0 && len(a.Versions) > 0 {
		return fmt.Sprintf("it is none of the %d versions listed", len(a.Versions))
	}
	if len(reasons) == 0 {
		return "the advisory says that no version is affected"
	}
	return strings.Join(reasons, " and ")
}

// end is the version that ends s.
func (s Span) end() string {
	if s.UpTo != "" {
		return s.UpTo
	}
	return s.Before
}

// reaches says whether v is at or after the beginning of s.
func (e ecosystem) reaches(s Span, v installed) bool {
	return s.From == "" || v.parsed != nil && !e.before(v, s.From)
}

// ended says whether v is behind the end of s.
func (e ecosystem) ended(s Span, v installed) bool {
	switch {
	case s.Before != "":
		return !e.before(v, s.Before)
	case s.UpTo != "":
		return e.less(s.UpTo, v.text)
	}
	return false
}

func (e ecosystem) before(v installed, text string) bool { return e.less(v.text, text) }

// less says that a is older than b. What cannot be compared is not.
func (e ecosystem) less(a, b string) bool {
	v, ok := e.order(a)
	w, too := e.order(b)
	return ok && too && older(v, w)
}

// whyUndecided names the version that has no place in the order.
func (e ecosystem) whyUndecided(ecosystem string, a *advisory.Affected, v installed) string {
	if v.parsed == nil {
		return fmt.Sprintf("%q is no version in the order of %s", v.text, ecosystem)
	}
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Version == "0" || event.Version == "*" {
				continue
			}
			at, ok := e.order(event.Version)
			if !ok {
				return fmt.Sprintf("the advisory's %q is no version in the order of %s", event.Version, ecosystem)
			}
			if _, ok := v.parsed.compare(at); !ok {
				return fmt.Sprintf("nobody can tell whether %q is older than the advisory's %q", v.text, event.Version)
			}
		}
	}
	return "the versions cannot be compared"
}
