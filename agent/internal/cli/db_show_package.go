package cli

import (
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

// answers is the order in which the advisories are shown.
var answers = []match.Answer{match.Affected, match.Undecided, match.NotAffected}

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
