package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
)

var answerWords = map[match.Answer]string{
	match.Affected: "affected", match.Undecided: "undecided", match.NotAffected: "not affected",
}

// write prints the answer for people.
func (s shownPackage) write(out io.Writer) error {
	w := newRows(out)
	w.add(s.summary())
	for _, note := range s.notes() {
		w.add(note)
	}
	if len(s.Advisories) == 0 {
		return w.Flush()
	}
	w.add()
	if s.Version == "" {
		w.add("ADVISORY", "CVE", "SEVERITY", "AFFECTED VERSIONS", "FIX")
	} else {
		w.add("VERSION IS", "ADVISORY", "CVE", "SEVERITY", "BECAUSE")
	}
	for _, a := range s.Advisories {
		a.write(w)
	}
	return w.Flush()
}

func (s shownPackage) summary() string {
	of := indexWords(s.Location, s.Newest)
	n := len(s.Advisories)
	switch {
	case n == 0:
		return fmt.Sprintf("%s covers %s and has no advisory for %s", of, s.Ecosystem, s.Package)
	case s.Version == "":
		return fmt.Sprintf("%s has %s for %s in %s", of, counted(n, "advisory", "advisories"), s.Package, s.Ecosystem)
	}
	var counts []string
	for _, answer := range answers {
		if answer != match.Undecided || s.Counts[answer] > 0 {
			counts = append(counts, fmt.Sprintf("%s by %d", answerWords[answer], s.Counts[answer]))
		}
	}
	return fmt.Sprintf("%s %s in %s: %s of %s in %s", s.Package, s.Version, s.Ecosystem,
		strings.Join(counts, ", "), counted(n, "advisory", "advisories"), of)
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// notes are what keeps the answer from being taken for more than it is.
func (s shownPackage) notes() []string {
	var list []string
	if len(s.Advisories) == 0 && match.BySource(s.Ecosystem) {
		list = append(list, s.Ecosystem+" publishes by source package: if this is a binary package's name, ask for the source that it is built from")
	}
	if s.Partial {
		list = append(list, "the index is known not to have all advisories of "+s.Ecosystem)
	}
	if !match.Comparable(s.Ecosystem) {
		list = append(list, "scans cannot compare versions of "+s.Ecosystem)
	}
	return list
}

func (a shownAdvisory) write(w rows) {
	id, cve := a.ID, cvesWords(a.cves)
	if a.Answer != "" {
		w.add(answerWords[a.Answer], id, cve, a.Said[0].severityWords(), a.because())
		return
	}
	last := ""
	for _, said := range a.Said {
		severity := said.severityWords()
		if severity == last {
			severity = ""
		} else {
			last = severity
		}
		for _, line := range said.words() {
			if said.Module != "" {
				line[0] += " of " + said.Module
			}
			w.add(id, cve, severity, line[0], line[1])
			id, cve, severity = "", "", ""
		}
	}
}

// because is the reason, and the day of the fix or why there is none.
func (a shownAdvisory) because() string {
	text := a.Reason
	for _, fix := range a.FixedIn {
		if fix.Date != "" {
			text += "; fixed in " + fix.words(finding.Fixed)
		}
	}
	if a.Answer == match.Affected && len(a.FixedIn) == 0 {
		text += "; " + fixStateWords[a.fixState]
	}
	return text
}
