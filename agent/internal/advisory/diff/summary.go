package diff

import (
	"cmp"
	"context"
	"slices"
	"time"

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

// exploited fills in what came into CISA's catalogue, and what went from it.
func (c *comparison) exploited(ctx context.Context) error {
	before, err := catalogue(ctx, c.a)
	if err != nil {
		return err
	}
	now, err := catalogue(ctx, c.b)
	if err != nil {
		return err
	}
	c.sum.Exploited, c.sum.Unlisted = without(now, before), without(before, now)
	return nil
}

// catalogue is all of an index's CVEs that are known to be exploited: some
// thousands.
func catalogue(ctx context.Context, x Index) (map[string]time.Time, error) {
	list := make(map[string]time.Time)
	err := x.WalkFacts(ctx, func(cve string, f advisory.Facts) error {
		if f.KnownExploited {
			list[cve] = f.KEVAdded
		}
		return nil
	})
	return list, err
}

func without(list, other map[string]time.Time) []Exploited {
	var rest []Exploited
	for cve, added := range list {
		if _, ok := other[cve]; !ok {
			rest = append(rest, Exploited{cve, added})
		}
	}
	slices.SortFunc(rest, func(a, b Exploited) int {
		return cmp.Or(cmp.Compare(len(a.CVE), len(b.CVE)), cmp.Compare(a.CVE, b.CVE))
	})
	return rest
}
