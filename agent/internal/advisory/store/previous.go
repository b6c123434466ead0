package store

import (
	"fmt"
	"strings"
)

// previous answers what the index before this one knew of fixes.
type previous struct {
	x       *Index
	sources map[string]bool
}

func newPrevious(x *Index) *previous {
	p := &previous{x: x, sources: make(map[string]bool)}
	for _, s := range x.dir.info.Sources {
		p.sources[s.Name] = true
	}
	return p
}

// fixes gives the versions of a package at which the previous index had fixes,
// with what it knew of their days.
func (p *previous) fixes(key string) (map[string]fixDay, error) {
	body, err := p.x.packageBody(key)
	if err != nil || body == nil {
		return nil, err
	}
	ratings, err := p.x.ratings()
	if err != nil {
		return nil, err
	}
	none := func(int) bool { return false } // the statements do
	_, statements, err := decodePackage(body, ratings, none)
	if err != nil {
		return nil, err
	}
	known := make(map[string]fixDay)
	for i := range statements {
		s := statement{ranges: statements[i].Ranges}
		s.fixes(func(version string) {
			if _, ok := known[version]; !ok {
				known[version] = fixDay{}
			}
		})
		for _, f := range statements[i].FixDates {
			known[f.Version] = fixDay{dayNumber(f.Day), f.FirstSeen}
		}
	}
	return known, nil
}

// had says whether all who now speak of a fix were heard by the previous index
// too, so that a fix it did not have is new. A source or a release that it did
// not have may bring old fixes.
func (p *previous) had(l *layout, base string, speakers map[origin]bool) bool {
	for s := range speakers {
		if !p.sources[l.names[s.source]] || !p.x.Covers(join(base, l.releases.list[s.release])) {
			return false
		}
	}
	return true
}

// fixDays says when the versions that fix something in a package came out: as
// a publisher says, else as the previous index knew, else today if the
// previous index would have had it before.
func (l *layout) fixDays(g *gathered) (map[string]fixDay, error) {
	days := make(map[string]fixDay)
	for version, day := range g.days {
		days[version] = fixDay{day: day}
	}
	if l.before == nil {
		return days, nil
	}
	known, err := l.before.fixes(g.key)
	if err != nil {
		return nil, fmt.Errorf("carrying over when fixes were first seen: %w", err)
	}
	base, _, _ := strings.Cut(g.key, "\x00")
	for version, speakers := range g.fixedIn {
		if days[version].day > 0 {
			continue
		}
		if old, ok := known[version]; ok {
			days[version] = old
		} else if l.before.had(l, base, speakers) {
			days[version] = fixDay{day: l.today, firstSeen: true}
		}
	}
	return days, nil
}
