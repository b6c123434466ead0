package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
)

// indexWords names an index in a sentence.
func indexWords(location string, newest time.Time) string {
	if location == embedded {
		return "the embedded advisory index of " + day(newest)
	}
	return "the advisory index " + location + " of " + day(newest)
}

// words are the versions that s speaks of and their fix: a line for each span.
func (s said) words() (lines [][2]string) {
	for _, span := range s.Affects {
		lines = append(lines, [2]string{span.words(), span.Fix.words(s.FixState)})
	}
	if n := len(s.Versions); n > 0 {
		lines = append(lines, [2]string{listedWords(s.Versions), (*shownFix)(nil).words(s.FixState)})
	}
	if len(lines) == 0 {
		lines = [][2]string{{"no version", "-"}}
	}
	return lines
}

func (s shownSpan) words() string {
	var parts []string
	if s.From != "" {
		parts = append(parts, "from "+s.From)
	}
	switch {
	case s.Before != "":
		parts = append(parts, "before "+s.Before)
	case s.UpTo != "":
		parts = append(parts, "up to "+s.UpTo)
	case s.From != "":
		parts = append(parts, "on")
	default:
		return "every version"
	}
	return strings.Join(parts, " ")
}

func (f *shownFix) words(state finding.FixState) string {
	switch {
	case f == nil && state == finding.Fixed:
		return "-" // of another span
	case f == nil:
		return fixStateWords[state]
	case f.Date == "":
		return f.Version
	case f.FirstSeen:
		return f.Version + " (first seen " + f.Date + ")"
	}
	return f.Version + " (" + f.Date + ")"
}

var fixStateWords = map[finding.FixState]string{
	finding.NotFixed: "not fixed", finding.WillNotFix: "will not be fixed", finding.FixUnknown: "unknown",
}

// maxListed is how many listed versions a table names; JSON has all.
const maxListed = 8

func listedWords(versions []string) string {
	if len(versions) <= maxListed {
		return strings.Join(versions, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(versions[:maxListed], ", "), len(versions)-maxListed)
}

// maxCVEs is how many CVEs of an erratum a row names; JSON has all.
const maxCVEs = 3

func cvesWords(cves []string) string {
	if len(cves) <= maxCVEs {
		return strings.Join(cves, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(cves[:maxCVEs], ", "), len(cves)-maxCVEs)
}

func (s said) severityWords() string {
	text := s.Severity.String()
	if s.SeveritySource != "" {
		text += " by " + s.SeveritySource
	}
	if s.KnownExploited {
		text += ", exploited"
	}
	return text
}
