package feed

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// severities are the record's own ratings: vectors first, then words.
func (c *conversion) severities() []advisory.Severity {
	doc, rater := c.doc, c.rater()
	list := ratings(rater, doc.Severity)
	list = addWord(list, rater, string(doc.Database.Severity))
	if c.erratum { // "Important: nodejs:18 security update"
		word, _, _ := strings.Cut(doc.Summary, ":")
		switch word = strings.ToLower(word); word {
		case "critical", "important", "moderate", "low":
			list = addWord(list, rater, word)
		}
	}
	if rater == malicious {
		list = addWord(list, rater, "critical")
	}
	// The node security working group gives a CVSS 3 score without its vector.
	var score float64
	if json.Unmarshal(doc.Database.Score, &score) == nil {
		list = addWord(list, rater, scoreWord(3, score))
	}
	return list
}

// affectedSeverities are ratings for one package.
func (c *conversion) affectedSeverities(from *osvAffected) []advisory.Severity {
	rater := c.rater()
	list := ratings(rater, from.Severity)
	list = addWord(list, rater, string(from.Ecosystem.Severity))
	list = addWord(list, rater, string(from.Ecosystem.Urgency))
	switch from.Database.Informational {
	case "unmaintained", "notice": // RustSec: about the crate, not a vulnerability
		list = addWord(list, rater, "informational")
	}
	var scores map[string]string // ruby-advisory-db: CVSS scores without their vectors
	if json.Unmarshal(from.Database.Scores, &scores) == nil {
		for _, version := range []int{4, 3, 2} {
			score, err := strconv.ParseFloat(scores["CVSS_V"+strconv.Itoa(version)], 64)
			if err == nil {
				return addWord(list, rater, scoreWord(version, score))
			}
		}
	}
	return list
}

// rater is whom a rating is shown as coming from. GitHub's advisories and
// OpenSSF's are in the archives of many ecosystems.
func (c *conversion) rater() string {
	switch database, _, _ := strings.Cut(c.doc.ID, "-"); database {
	case "GHSA":
		return "GHSA"
	case "MAL":
		return malicious
	}
	return c.source
}

// ratings keeps CVSS vectors, and words where the type is a publisher's own
// ("Ubuntu").
func ratings(rater string, from []osvSeverity) []advisory.Severity {
	var list []advisory.Severity
	for _, s := range from {
		switch s.Type {
		case "CVSS_V2", "CVSS_V3", "CVSS_V4":
			if fits(s.Score) {
				list = append(list, advisory.Severity{Source: rater, Method: s.Type, Score: s.Score})
			}
		default:
			list = addWord(list, rater, s.Score)
		}
	}
	return list
}

// addWord adds a severity word, unless it says nothing.
func addWord(list []advisory.Severity, rater, word string) []advisory.Severity {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" || len(word) > 32 || word == "unknown" || word == "not yet assigned" || word == "end-of-life" ||
		strings.Trim(word, "abcdefghijklmnopqrstuvwxyz -") != "" {
		return list
	}
	return append(list, advisory.Severity{Source: rater, Method: "distro", Score: word})
}

// scoreWord is the qualitative rating of a CVSS score: NVD's for version 2
// (https://nvd.nist.gov/vuln-metrics/cvss), the specification's from 3 on
// (https://www.first.org/cvss/specification-document, "Qualitative Severity
// Rating Scale").
func scoreWord(version int, score float64) string {
	switch {
	case !(score > 0 && score <= 10):
		return ""
	case score < 4:
		return "low"
	case score < 7:
		return "medium"
	case score < 9 || version == 2:
		return "high"
	}
	return "critical"
}
