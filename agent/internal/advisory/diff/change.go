package diff

import (
	"cmp"
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
)

// key is what an advisory is known by within a package.
type key struct{ record, ecosystem string }

// packages compares what both say about one package; one of them may be nil.
func (c *comparison) packages(before, now *about) error {
	old, keys := before.byKey()
	new, newKeys := now.byKey()
	for _, k := range newKeys {
		if old[k] == nil {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.record, b.record), cmp.Compare(len(a.ecosystem), len(b.ecosystem)), cmp.Compare(a.ecosystem, b.ecosystem))
	})
	for _, k := range keys {
		if err := c.record(k.record, old[k], new[k]); err != nil {
			return err
		}
	}
	return nil
}

// byKey groups what is said, keys in the order in which they come.
func (a *about) byKey() (map[key][]advisory.Match, []key) {
	by := make(map[key][]advisory.Match)
	var keys []key
	if a == nil {
		return by, nil
	}
	for _, m := range a.said {
		k := key{m.Record.ID, m.Affected.Ecosystem}
		if by[k] == nil {
			keys = append(keys, k)
		}
		by[k] = append(by[k], m)
	}
	return by, keys
}

// record compares what one record says about a package of a release; nil where
// an index has nothing of it.
func (c *comparison) record(id string, before, now []advisory.Match) error {
	if before != nil {
		c.saw(id, inA)
	}
	if now != nil {
		c.saw(id, inB)
	}
	if same(before, now) {
		return nil
	}
	c.saw(id, differs)
	change, err := c.change(before, now)
	if err != nil {
		return err
	}
	return c.found(change)
}

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

// change is the difference of what one record says.
func (c *comparison) change(before, now []advisory.Match) (Change, error) {
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
			return change, err
		}
	}
	if now != nil {
		change.Fixes, change.FixState = fixes(now), fixState(now)
		if change.Severity, err = severity(c.b, now); err != nil {
			return change, err
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
	return change, nil
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
