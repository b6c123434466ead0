package diff

import (
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
)

// Change is one advisory that differs.
type Change struct {
	Kind      Kind             `json:"kind"`
	Ecosystem string           `json:"ecosystem"` // with release
	Package   string           `json:"package"`
	Record    string           `json:"record"` // its id
	CVEs      []string         `json:"cves,omitempty"`
	Severity  finding.Severity `json:"severity"`

	// SeverityBefore is of what was changed; the same as Severity unless that
	// did.
	SeverityBefore finding.Severity `json:"severityBefore"`
	Fixes          []string         `json:"fixes,omitempty"`       // versions that end a range
	FixesBefore    []string         `json:"fixesBefore,omitempty"` // empty if it was added
	FixState       finding.FixState `json:"fixState"`
	FixStateBefore finding.FixState `json:"fixStateBefore,omitempty"`

	// What has changed, in this order: fixes, versions (that are affected,
	// other than by a fix), fixState, severity, ratings (without severity),
	// ids, module, source, fixDates.
	What []string `json:"what,omitempty"`
}

// FixesChanged says whether other versions fix it than before.
func (c Change) FixesChanged() bool { return !slices.Equal(c.Fixes, c.FixesBefore) }

// change compares what one record says about a package of a release; nil where
// an index has nothing of it. It is false if that is the same.
func (c *comparison) change(before, now []advisory.Match) (Change, bool, error) {
	if same(before, now) {
		return Change{}, false, nil
	}
	shown := now
	if now == nil {
		shown = before
	}
	m := shown[0]
	change := Change{Kind: Changed, Ecosystem: m.Affected.Ecosystem, Package: m.Affected.Package,
		Record: match.PublicID(m.Record.ID), CVEs: cves(m.Record)}
	var err error
	if before != nil {
		change.FixesBefore, change.FixStateBefore = fixes(before), fixState(before)
		if change.SeverityBefore, err = severity(c.a, before); err != nil {
			return change, false, err
		}
	}
	if now != nil {
		change.Fixes, change.FixState = fixes(now), fixState(now)
		if change.Severity, err = severity(c.b, now); err != nil {
			return change, false, err
		}
	}
	switch {
	case before == nil:
		change.Kind = Added
		change.SeverityBefore = change.Severity
	case now == nil:
		change.Kind = Removed
		change.Severity, change.FixState = change.SeverityBefore, change.FixStateBefore
	default:
		change.What = change.what(before, now)
	}
	return change, true, nil
}

// what names the differences of two that are not the same.
func (c Change) what(before, now []advisory.Match) []string {
	var list []string
	add := func(what string, differ bool) {
		if differ {
			list = append(list, what)
		}
	}
	add("fixes", c.FixesChanged())
	add("versions", !c.FixesChanged() && !sameBy(before, now, sameVersions))
	add("fixState", c.FixState != c.FixStateBefore)
	add("severity", c.Severity != c.SeverityBefore)
	add("ratings", c.Severity == c.SeverityBefore && !sameBy(before, now, sameRatings))
	add("ids", !sameBy(before, now, sameIDs))
	add("module", !sameBy(before, now, func(a, b advisory.Match) bool { return a.Affected.Module == b.Affected.Module }))
	add("source", !sameBy(before, now, func(a, b advisory.Match) bool { return a.Record.Feed == b.Record.Feed }))
	add("fixDates", !sameBy(before, now, sameFixDates))
	return list
}

// severity is the worst that a scan finds of what a record says; the facts
// about a CVE count where the record is about that one only.
func severity(x Index, said []advisory.Match) (finding.Severity, error) {
	var facts advisory.Facts
	if list := cves(said[0].Record); len(list) == 1 {
		var err error
		if facts, _, err = x.Facts(list[0]); err != nil {
			return finding.Unknown, err
		}
	}
	worst := finding.Unknown
	for _, m := range said {
		s, _, _ := match.Severity(m, facts)
		worst = max(worst, s)
	}
	return worst, nil
}

// fixes are the versions that end a range, sorted as texts.
func fixes(said []advisory.Match) []string {
	var list []string
	for _, m := range said {
		for _, r := range m.Affected.Ranges {
			for _, event := range r.Events {
				if event.Kind == advisory.Fixed {
					list = append(list, event.Version)
				}
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func fixState(said []advisory.Match) finding.FixState {
	var states []finding.FixState
	for _, m := range said {
		states = append(states, match.FixState(m.Affected))
	}
	for _, state := range []finding.FixState{finding.Fixed, finding.WillNotFix, finding.NotFixed} {
		if slices.Contains(states, state) {
			return state
		}
	}
	return finding.FixUnknown
}

// same says whether two indexes say the same of a package, in whichever order.
func same(a, b []advisory.Match) bool {
	return sameBy(a, b, func(a, b advisory.Match) bool {
		return sameVersions(a, b) && sameRatings(a, b) && sameIDs(a, b) && sameFixDates(a, b) &&
			a.Affected.FixState == b.Affected.FixState && a.Affected.Module == b.Affected.Module && a.Record.Feed == b.Record.Feed
	})
}

// sameBy says whether each of a has its like in b, and there are no more.
func sameBy(a, b []advisory.Match, like func(a, b advisory.Match) bool) bool {
	if len(a) != len(b) {
		return false
	}
	taken := make([]bool, len(b))
	for _, m := range a {
		found := false
		for i := range b {
			if !taken[i] && like(m, b[i]) {
				taken[i], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func sameVersions(a, b advisory.Match) bool {
	return slices.Equal(a.Affected.Versions, b.Affected.Versions) &&
		slices.EqualFunc(a.Affected.Ranges, b.Affected.Ranges, func(a, b advisory.Range) bool { return slices.Equal(a.Events, b.Events) })
}

func sameRatings(a, b advisory.Match) bool {
	return slices.Equal(a.Affected.Severities, b.Affected.Severities) && slices.Equal(a.Record.Severities, b.Record.Severities)
}

func sameIDs(a, b advisory.Match) bool {
	return slices.Equal(a.Record.Aliases, b.Record.Aliases) && slices.Equal(a.Record.Upstream, b.Record.Upstream)
}

// sameFixDates says that no fix has another day than it had.
func sameFixDates(a, b advisory.Match) bool {
	days := make(map[string]time.Time)
	for _, d := range a.Affected.FixDates {
		days[d.Version] = d.Day
	}
	return !slices.ContainsFunc(b.Affected.FixDates, func(d advisory.FixDate) bool {
		day, ok := days[d.Version]
		return ok && !day.Equal(d.Day)
	})
}
