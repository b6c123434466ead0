package match

import (
	"cmp"
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// findings makes one finding of each problem that the hits are about. Package,
// Path and Layer are left to the caller.
func (m *matching) findings(hits []hit, distro bool) ([]finding.Finding, error) {
	var list []finding.Finding
	for _, problem := range problems(hits) {
		f := finding.Finding{Kind: finding.Vulnerability}
		f.ID, f.Aliases = problem.shown()
		f.FixState, f.FixedIn = problem.fix()
		problem.describe(&f)
		if f.FixState == finding.Fixed {
			f.FixDate, f.FixFirstSeen = problem.fixDate(f.FixedIn[0])
		}
		ratings := recordRatings(problem.hits, distro)
		if problem.cve != "" {
			facts, ok, err := m.factsOf(problem.cve)
			if err != nil {
				return nil, err
			}
			if ok {
				ratings = append(ratings, factRatings(facts)...)
				f.KnownExploited = facts.KnownExploited
				if facts.HasEPSS {
					f.EPSS = &facts.EPSS
				}
			}
		}
		f.Severity, f.SeveritySource, f.Ratings = rate(ratings)
		list = append(list, f)
	}
	return list, nil
}

func packageOf(p *inventory.Package, eco ecosystem) *finding.Package {
	pkg := &finding.Package{
		Name:       p.Name,
		Version:    p.Version,
		Type:       p.Type,
		PURL:       p.PURL,
		FirstLayer: p.FirstLayer,
	}
	if source := eco.name(p).name; source != p.Name {
		pkg.Source = source
	}
	return pkg
}

// fix is the problem's fix state, and the versions that fix it, the nearest
// first: each advisory may name another, and the problem is not gone before
// the last of them. One fix is enough for Fixed.
func (p problem) fix() (finding.FixState, []string) {
	var fixes []fix
	states := make(map[finding.FixState]bool)
	for _, h := range p.hits {
		states[h.state] = true
		fixes = append(fixes, h.fixes...)
	}
	slices.SortStableFunc(fixes, func(a, b fix) int {
		c, ok := a.parsed.compare(b.parsed)
		if !ok || c == 0 {
			c = cmp.Compare(a.text, b.text)
		}
		return c
	})
	var texts []string
	for _, f := range fixes {
		texts = append(texts, f.text)
	}
	for _, state := range []finding.FixState{finding.Fixed, finding.WillNotFix, finding.NotFixed} {
		if states[state] {
			return state, slices.Compact(texts)
		}
	}
	return finding.FixUnknown, nil
}

// fixDate is the day on which a version that fixes the problem came out: what
// a publisher says before what was seen, the earlier first.
func (p problem) fixDate(version string) (day time.Time, firstSeen bool) {
	for _, h := range p.hits {
		for _, d := range h.Affected.FixDates {
			if d.Version != version || d.Day.IsZero() {
				continue
			}
			better := day.IsZero() || firstSeen && !d.FirstSeen
			if better || d.FirstSeen == firstSeen && d.Day.Before(day) {
				day, firstSeen = d.Day, d.FirstSeen
			}
		}
	}
	return day, firstSeen
}

// describe fills in where f comes from and when it was first known and last
// changed, by any of its advisories.
func (p problem) describe(f *finding.Finding) {
	for _, h := range p.hits {
		r := h.Record
		f.Advisories = append(f.Advisories, publicID(r.ID))
		f.Sources = append(f.Sources, r.Feed)
		if f.Published.IsZero() || !r.Published.IsZero() && r.Published.Before(f.Published) {
			f.Published = r.Published
		}
		if r.Modified.After(f.Modified) {
			f.Modified = r.Modified
		}
	}
	slices.Sort(f.Advisories)
	f.Advisories = slices.Compact(f.Advisories)
	slices.Sort(f.Sources)
	f.Sources = slices.Compact(f.Sources)
}

func sortFindings(list []finding.Finding) {
	slices.SortStableFunc(list, func(a, b finding.Finding) int {
		return cmp.Or(
			cmp.Compare(a.Layer, b.Layer),
			cmp.Compare(a.Package.Type, b.Package.Type),
			cmp.Compare(a.Package.Name, b.Package.Name),
			cmp.Compare(a.Package.Version, b.Package.Version),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.ID, b.ID),
		)
	})
}
