// Package fix says what to change in an image so that the policy lets it pass:
// the smallest set of upgrades, each with the instruction that it belongs to.
//
// Packages that were built from one source package are upgraded together, and
// so are the copies of one package in a layer. Of the versions that fix single
// findings the highest fixes all of them.
package fix

import (
	"cmp"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
	"github.com/layergate/layergate/agent/internal/result"
)

// key tells remedies apart. What no upgrade clears stands apart from what one does.
type key struct {
	layer               int
	kind                finding.Kind
	typ, name, from, at string
	fixed               bool
}

// Remedies is what clears all findings that block, by layer, upgrades first.
// Nothing is left out: what has no fix is a remedy without a version.
func Remedies(findings []finding.Finding) []result.Remedy {
	var list []result.Remedy
	places := make(map[key]int)
	for i := range findings {
		f := &findings[i]
		if f.Verdict.Action != finding.Block {
			continue
		}
		k := keyOf(f)
		at, ok := places[k]
		if !ok {
			at = len(list)
			places[k] = at
			list = append(list, result.Remedy{Layer: k.layer, Kind: k.kind, Type: k.typ, From: k.from})
		}
		add(&list[at], f)
	}
	for i := range list {
		tidy(&list[i])
	}
	slices.SortFunc(list, compare)
	return list
}

func keyOf(f *finding.Finding) key {
	k := key{layer: f.Layer, kind: f.Kind, fixed: f.FixState == finding.Fixed && len(f.FixedIn) > 0}
	if f.Package == nil {
		k.name, k.at = f.ID, f.Path
		return k
	}
	k.typ, k.name, k.from = f.Package.Type, cmp.Or(f.Package.Source, f.Package.Name), f.Package.Version
	return k
}

func add(m *result.Remedy, f *finding.Finding) {
	m.Findings++
	m.IDs = append(m.IDs, f.ID)
	if p := f.Package; p != nil {
		m.Packages = append(m.Packages, p.Name)
		if p.Source != p.Name {
			m.Source = cmp.Or(m.Source, p.Source)
		}
	}
	if f.Path != "" && !ofDistro(m.Type) {
		m.Paths = append(m.Paths, f.Path)
	}
	if f.FixState != finding.Fixed {
		return
	}
	for _, version := range f.FixedIn { // each advisory may name another: below the last of them it is found again
		m.To = higher(m.Type, m.To, version)
	}
}

// ofDistro says whether a purl type is a distro's: the path of its packages is
// the package database, which tells nobody anything.
func ofDistro(typ string) bool { return typ == "deb" || typ == "apk" || typ == "rpm" }

// higher keeps of versions only those that no other is known to be higher than.
func higher(typ string, versions []string, more string) []string {
	kept := versions[:0:0]
	for _, v := range versions {
		c, ok := match.Compare(typ, v, more)
		if v == more || ok && c >= 0 {
			return versions
		}
		if !ok {
			kept = append(kept, v)
		}
	}
	return append(kept, more)
}

func tidy(m *result.Remedy) {
	for _, list := range []*[]string{&m.Packages, &m.Paths, &m.IDs, &m.To} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
}

// compare puts the layers in order, and of one layer what clears most first.
func compare(a, b result.Remedy) int {
	return cmp.Or(
		cmp.Compare(a.Layer, b.Layer),
		cmp.Compare(min(len(b.To), 1), min(len(a.To), 1)),
		cmp.Compare(b.Findings, a.Findings),
		slices.Compare(a.Packages, b.Packages),
		cmp.Compare(a.From, b.From),
		cmp.Compare(a.Kind, b.Kind),
		slices.Compare(a.IDs, b.IDs),
		slices.Compare(a.Paths, b.Paths),
	)
}
