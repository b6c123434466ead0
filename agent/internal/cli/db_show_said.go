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

// shownRecord is who says something.
type shownRecord struct {
	ID        string   `json:"id"`
	Source    string   `json:"source"`
	Aliases   []string `json:"aliases,omitempty"`
	Upstream  []string `json:"upstream,omitempty"`
	Published string   `json:"published,omitempty"` // a day
	Modified  string   `json:"modified,omitempty"`
}

// said is what a record says about a package, whichever the version.
type said struct {
	Severity       finding.Severity `json:"severity"`
	SeveritySource string           `json:"severitySource,omitempty"`
	KnownExploited bool             `json:"knownExploited,omitempty"`
	Affects        []shownSpan      `json:"affects,omitempty"`
	Versions       []string         `json:"versions,omitempty"` // affected, listed one by one
	FixState       finding.FixState `json:"fixState"`
	Module         string           `json:"module,omitempty"`
}

// shownSpan is a match.Span: from From on, before Before or up to UpTo.
type shownSpan struct {
	From   string    `json:"from,omitempty"`
	Before string    `json:"before,omitempty"`
	UpTo   string    `json:"upTo,omitempty"`
	Fix    *shownFix `json:"fix,omitempty"`
}

type shownFix struct {
	Version   string `json:"version"`
	Date      string `json:"date,omitempty"`      // a day; empty where nobody knows
	FirstSeen bool   `json:"firstSeen,omitempty"` // Date is when an index first had it
}

func recordOf(r *advisory.Record) shownRecord {
	return shownRecord{ID: match.PublicID(r.ID), Source: r.Feed, Aliases: r.Aliases, Upstream: r.Upstream,
		Published: dayOrNone(r.Published), Modified: dayOrNone(r.Modified)}
}

func dayOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(t)
}

// cves are the CVEs that a record is about, sorted.
func cves(r *advisory.Record) []string {
	var list []string
	for _, id := range slices.Concat([]string{r.ID}, r.Aliases, r.Upstream) {
		if strings.HasPrefix(id, "CVE-") {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// saidOf is what m says of its package. Severity is a scan's, but of an erratum
// about several CVEs, of which a scan rates each: then it is the erratum's own.
func saidOf(index *store.Index, m advisory.Match) (said, error) {
	s := said{Versions: m.Affected.Versions, FixState: match.FixState(m.Affected), Module: m.Affected.Module}
	var rating advisory.Facts
	named := cves(m.Record)
	for _, cve := range named {
		facts, _, err := index.Facts(cve)
		if err != nil {
			return said{}, err
		}
		s.KnownExploited = s.KnownExploited || facts.KnownExploited
		if len(named) == 1 {
			rating = facts
		}
	}
	s.Severity, s.SeveritySource, _ = match.Severity(m, rating)
	for _, r := range m.Affected.Ranges {
		for _, span := range match.Spans(m.Affected.Ecosystem, r) {
			shown := shownSpan{From: span.From, Before: span.Before, UpTo: span.UpTo}
			if span.Fixed {
				shown.Fix = fixOf(&m.Affected, span.Before)
			}
			s.Affects = append(s.Affects, shown)
		}
	}
	return s, nil
}

func fixOf(a *advisory.Affected, version string) *shownFix {
	for _, d := range a.FixDates {
		if d.Version == version {
			return &shownFix{version, day(d.Day), d.FirstSeen}
		}
	}
	return &shownFix{Version: version}
}
