package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
)

// shownPackage is what an index knows of a package; its JSON is an interface.
type shownPackage struct {
	Location   string               `json:"location"`
	Newest     time.Time            `json:"newest"` // the index's date
	Package    string               `json:"package"`
	Ecosystem  string               `json:"ecosystem"`
	Version    string               `json:"version,omitempty"`
	Counts     map[match.Answer]int `json:"counts,omitempty"`  // with a version
	Partial    bool                 `json:"partial,omitempty"` // the index is known not to have all of the ecosystem
	Advisories []shownAdvisory      `json:"advisories"`
}

// shownAdvisory is what one record says about the package.
type shownAdvisory struct {
	shownRecord
	Answer  match.Answer  `json:"answer,omitempty"` // with a version, as what follows
	Reason  string        `json:"reason,omitempty"`
	FixedIn []shownFix    `json:"fixedIn,omitempty"`
	Said    []packageSaid `json:"said"`

	cves     []string
	fixState finding.FixState // of the version
}

type packageSaid struct {
	Ecosystem string `json:"ecosystem"` // another release where the version is from there, as Ubuntu Pro's are
	said
}

// answers is the order in which a table has them.
var answers = []match.Answer{match.Affected, match.Undecided, match.NotAffected}

var answerWords = map[match.Answer]string{
	match.Affected: "affected", match.Undecided: "undecided", match.NotAffected: "not affected",
}

func (a *app) showPackage(index *store.Index, location, name, ecosystem string, s showing) error {
	shown, err := packageIn(index, name, ecosystem, s.version)
	if err != nil {
		return err
	}
	shown.Location, shown.Newest = location, index.Info().Newest
	if s.format == "json" {
		return writeJSON(a.stdout, shown)
	}
	return shown.write(a.stdout)
}

func packageIn(index *store.Index, name, ecosystem, version string) (shownPackage, error) {
	shown := shownPackage{Package: name, Ecosystem: ecosystem, Version: version, Advisories: []shownAdvisory{}}
	base, _, _ := strings.Cut(ecosystem, ":")
	shown.Partial = slices.ContainsFunc(index.Info().Sources, func(s store.SourceInfo) bool { return s.Partial && s.Name == base })
	if version != "" {
		shown.Counts = map[match.Answer]int{match.Affected: 0, match.Undecided: 0, match.NotAffected: 0}
	}
	matches, err := match.Advisories(index, ecosystem, name, version)
	if err != nil {
		return shown, err
	}
	for len(matches) > 0 {
		n := 1
		for n < len(matches) && matches[n].Record.ID == matches[0].Record.ID {
			n++
		}
		if err := shown.add(index, matches[:n]); err != nil {
			return shown, err
		}
		matches = matches[n:]
	}
	slices.SortStableFunc(shown.Advisories, func(a, b shownAdvisory) int {
		return slices.Index(answers, a.Answer) - slices.Index(answers, b.Answer)
	})
	return shown, nil
}

// add takes in what one record says.
func (s *shownPackage) add(index *store.Index, record []advisory.Match) error {
	a := shownAdvisory{shownRecord: recordOf(record[0].Record), cves: cves(record[0].Record)}
	for _, m := range record {
		said, err := saidOf(index, m)
		if err != nil {
			return err
		}
		a.Said = append(a.Said, packageSaid{m.Affected.Ecosystem, said})
	}
	if s.Version != "" {
		why := match.Explain(s.Ecosystem, s.Version, record...)
		a.Answer, a.Reason, a.fixState = why.Answer, why.Reason, why.FixState
		for _, version := range why.FixedIn {
			a.FixedIn = append(a.FixedIn, a.fix(version))
		}
		s.Counts[a.Answer]++
	}
	s.Advisories = append(s.Advisories, a)
	return nil
}

// fix is what is known of a version that fixes something.
func (a *shownAdvisory) fix(version string) shownFix {
	for _, said := range a.Said {
		for _, span := range said.Affects {
			if span.Fix != nil && span.Fix.Version == version {
				return *span.Fix
			}
		}
	}
	return shownFix{Version: version}
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
	id, cve := a.ID, strings.Join(a.cves, ", ")
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
