package match

import (
	"cmp"
	"slices"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// tier is how much a rating is trusted; the first counts.
type tier int

// The tiers. A distro knows how it builds and uses a package. A vector says
// how a rating came about, a word does not.
const (
	distroWord tier = iota
	ownVector       // CVSS in an advisory about this package
	cveVector       // CVSS that somebody gave for the CVE
	otherWord
	unusable // a word that says nothing, a vector that is none: kept, not counted
)

type rated struct {
	finding.Rating
	tier   tier
	method string // as people call it: "CVSS 3.1"
}

// recordRatings are all ratings of the advisories that hold for a package.
func recordRatings(hits []hit, distro bool) []rated {
	word := otherWord
	if distro {
		word = distroWord
	}
	var list []rated
	for _, h := range hits {
		for _, s := range slices.Concat(h.Affected.Severities, h.Record.Severities) {
			list = append(list, newRated(s, word, ownVector))
		}
	}
	return list
}

// factRatings are the vectors that are known of a CVE.
func factRatings(facts advisory.Facts) []rated {
	var list []rated
	for _, s := range facts.Severities {
		list = append(list, newRated(s, otherWord, cveVector))
	}
	return list
}

// rate is the severity of the best rating, who says so, and all ratings, best
// first: by tier, newer CVSS before older, worse before milder.
func rate(list []rated) (finding.Severity, string, []finding.Rating) {
	slices.SortStableFunc(list, func(a, b rated) int {
		return cmp.Or(
			cmp.Compare(a.tier, b.tier),
			-cmp.Compare(a.method, b.method), // "CVSS 4.0" before "CVSS 3.1"; words have none
			-cmp.Compare(a.Score, b.Score),
			-cmp.Compare(a.Severity, b.Severity),
			cmp.Compare(a.Source, b.Source),
			cmp.Compare(a.Vector, b.Vector),
		)
	})
	var ratings []finding.Rating
	for _, r := range list {
		if !slices.Contains(ratings, r.Rating) {
			ratings = append(ratings, r.Rating)
		}
	}
	if len(list) == 0 || list[0].tier == unusable {
		return finding.Unknown, "", ratings
	}
	best := list[0]
	switch best.tier {
	case ownVector:
		return best.Severity, best.method, ratings
	case cveVector:
		return best.Severity, best.method + " (" + best.Source + ")", ratings
	}
	return best.Severity, best.Source, ratings
}

func newRated(s advisory.Severity, word, vector tier) rated {
	r := rated{Rating: finding.Rating{Source: s.Source, Method: s.Method}, tier: word}
	if s.Method == "distro" {
		severity, ok := words[strings.TrimRight(strings.ToLower(s.Score), "*")]
		if !ok {
			r.tier = unusable
		}
		r.Severity = severity
		return r
	}
	r.Vector, r.tier = s.Score, vector
	var ok bool
	if r.method, r.Score, ok = score(s.Score); !ok {
		r.tier = unusable
		return r
	}
	r.Severity = qualitative(r.Score, r.method)
	return r
}

// words are what publishers call severities: Debian's urgencies
// (security-team.debian.org/security_tracker.html), Ubuntu's priorities, Red
// Hat's and its rebuilds' impacts (access.redhat.com/security/updates/classification),
// SUSE's and GitHub's ratings; "informational" is RustSec's for a crate that is
// unmaintained. "undetermined" (Debian) and "under investigation" (Red Hat) say
// that the distro does not know whether the package is affected at all, which
// outweighs how bad others find the vulnerability. Not listed, since they say
// nothing: "not yet assigned", "end-of-life", "untriaged", "none", "unknown".
var words = map[string]finding.Severity{
	"critical":      finding.Critical,
	"high":          finding.High,
	"important":     finding.High,
	"medium":        finding.Medium,
	"moderate":      finding.Medium,
	"low":           finding.Low,
	"minor":         finding.Low,
	"negligible":    finding.Negligible,
	"unimportant":   finding.Negligible,
	"informational": finding.Negligible,

	"undetermined":        finding.Unknown,
	"under investigation": finding.Unknown,
}

// score computes a CVSS vector: which version it is of, and the base score,
// or with version 4.0 that of all metrics that it gives. It is false for what
// is no vector.
func score(vector string) (method string, n float64, ok bool) {
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return "", 0, false
		}
		return "CVSS 4.0", v.Score(), true
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return "", 0, false
		}
		return "CVSS 3.1", v.BaseScore(), true
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return "", 0, false
		}
		return "CVSS 3.0", v.BaseScore(), true
	}
	v, err := gocvss20.ParseVector(strings.Trim(vector, "()"))
	if err != nil {
		return "", 0, false
	}
	return "CVSS 2.0", v.BaseScore(), true
}

// qualitative is the rating scale of a score: the specification's from CVSS
// 3.0 on (first.org/cvss, section 5), NVD's for 2.0, which knows no critical.
// A score of zero is no impact.
func qualitative(score float64, method string) finding.Severity {
	switch {
	case score >= 9 && method != "CVSS 2.0":
		return finding.Critical
	case score >= 7:
		return finding.High
	case score >= 4:
		return finding.Medium
	case score > 0:
		return finding.Low
	}
	return finding.Negligible
}
