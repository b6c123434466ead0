package diff

import (
	"cmp"
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// sources are those that differ, in order of names.
func sources(a, b store.Info) []Source {
	byName := make(map[string]*Source)
	var list []*Source
	at := func(name string, kind Kind) *Source {
		if byName[name] == nil {
			byName[name] = &Source{Name: name, Kind: kind}
			list = append(list, byName[name])
		}
		return byName[name]
	}
	for _, s := range a.Sources {
		source := at(s.Name, Removed)
		source.DateBefore, source.RecordsBefore = s.Date, s.Records
	}
	for _, s := range b.Sources {
		source := at(s.Name, Added)
		source.Date, source.Records = s.Date, s.Records
		if source.Kind == Removed { // it is in both
			source.Kind = Changed
		}
	}
	var differing []Source
	for _, s := range list {
		if s.Kind != Changed || !s.Date.Equal(s.DateBefore) || s.Records != s.RecordsBefore {
			differing = append(differing, *s)
		}
	}
	slices.SortFunc(differing, func(a, b Source) int { return cmp.Compare(a.Name, b.Name) })
	return differing
}

// facts compares what both know of a CVE; one of them may be nil.
func (c *comparison) facts(before, now *known) error {
	var old, new advisory.Facts
	cve := ""
	if before != nil {
		old, cve = before.Facts, before.cve
	}
	if now != nil {
		new, cve = now.Facts, now.cve
	}
	switch {
	case new.KnownExploited && !old.KnownExploited:
		c.sum.Exploited = append(c.sum.Exploited, Exploited{cve, new.KEVAdded})
	case old.KnownExploited && !new.KnownExploited:
		c.sum.Unlisted = append(c.sum.Unlisted, Exploited{cve, old.KEVAdded})
	}
	if old.HasEPSS && new.HasEPSS && old.EPSS != new.EPSS {
		c.sum.Scores++
	}
	switch {
	case before == nil:
		c.sum.CVEs.add(Added)
	case now == nil:
		c.sum.CVEs.add(Removed)
	case old.KnownExploited != new.KnownExploited || !old.KEVAdded.Equal(new.KEVAdded) || old.HasEPSS != new.HasEPSS || old.EPSS != new.EPSS ||
		!slices.Equal(old.Severities, new.Severities):
		c.sum.CVEs.add(Changed)
	}
	return nil
}
