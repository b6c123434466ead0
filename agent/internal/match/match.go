// Package match decides which advisories hold for which installed packages.
//
// For every package of an inventory it asks an index for the advisories of the
// package's name, compares the installed version with their ranges in the
// ecosystem's own order, and makes one finding of all advisories that speak of
// the same vulnerability. The answer for an advisory is one of three: affected,
// not affected, or undecided, where the versions cannot be compared. Undecided
// is never taken for either of the others: it becomes a finding.Gap, and so do
// packages for which the index has no advisories at all.
package match

import (
	"context"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// Index is where advisories are looked up.
type Index interface {
	// Lookup returns what is known of a package. ecosystem is OSV's name,
	// with the release for a distro; name is as the ecosystem writes it.
	Lookup(ecosystem, name string) ([]advisory.Match, error)
	// Facts returns what is known of a CVE whoever's package it is in; false
	// where that is nothing.
	Facts(cve string) (advisory.Facts, bool, error)
	// Covers says whether the index has advisories for an ecosystem at all,
	// a distro's release counted as one.
	Covers(ecosystem string) bool
}

// Match finds the known vulnerabilities of inv's packages. Packages that a
// distro package owns are left out: they are matched by their distro's name.
//
// The findings come in the order of layer, package, path and id, the gaps in
// that of the packages; the findings' Fingerprint and Verdict are left empty.
// An error means that the index could not be read or that ctx is done.
func Match(ctx context.Context, idx Index, inv *inventory.Inventory) ([]finding.Finding, []finding.Gap, error) {
	m := &matching{idx: idx, matches: make(map[name][]advisory.Match), facts: make(map[string]known)}
	elsewhere, err := m.otherStreams(inv.Packages)
	if err != nil {
		return nil, nil, err
	}
	var findings []finding.Finding
	var gaps []finding.Gap
	var without coverage
	for i := range inv.Packages {
		p := &inv.Packages[i]
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		if p.OwnedBy != "" {
			continue
		}
		eco, ok := ecosystemOf(p.Ecosystem)
		if !ok || !idx.Covers(p.Ecosystem) {
			without.add(p)
			continue
		}
		hits, doubts, err := m.decide(p, eco, elsewhere[p.Module])
		if err != nil {
			return nil, nil, err
		}
		found, err := m.findings(p, eco, hits)
		if err != nil {
			return nil, nil, err
		}
		findings = append(findings, found...)
		if gap, ok := undecided(p, doubts, found); ok {
			gaps = append(gaps, gap)
		}
	}
	sortFindings(findings)
	return findings, append(without.gaps(inv.Distro), gaps...), nil
}

// matching is one run of Match. It remembers what it asked of the index, since
// many binary packages come from one source package and many findings are of
// one CVE.
type matching struct {
	idx     Index
	matches map[name][]advisory.Match
	facts   map[string]known
}

type name struct{ ecosystem, name string }

type known struct {
	facts advisory.Facts
	ok    bool
}

func (m *matching) lookup(ecosystem, pkg string) ([]advisory.Match, error) {
	key := name{ecosystem, pkg}
	if found, ok := m.matches[key]; ok {
		return found, nil
	}
	found, err := m.idx.Lookup(ecosystem, pkg)
	if err == nil {
		m.matches[key] = found
	}
	return found, err
}

func (m *matching) factsOf(cve string) (advisory.Facts, bool, error) {
	if k, ok := m.facts[cve]; ok {
		return k.facts, k.ok, nil
	}
	facts, ok, err := m.idx.Facts(cve)
	if err == nil {
		m.facts[cve] = known{facts, ok}
	}
	return facts, ok, err
}

// hit is an advisory that holds for a package.
type hit struct {
	*advisory.Match
	state finding.FixState
	fixes []fix // the nearest upgrade of each range that the version lies in
}

// decide goes through the advisories for p: those that hold for it, and the
// records for which nobody can tell. other are ids of records about another
// stream of p's module.
func (m *matching) decide(p *inventory.Package, eco ecosystem, other map[string]bool) (hits []hit, doubts []*advisory.Record, err error) {
	asked := eco.name(p)
	found, err := m.lookup(p.Ecosystem, asked.name)
	if err != nil || len(found) == 0 || unversioned(p) {
		return nil, nil, err
	}
	v := eco.parse(asked.version)
	for i := range found {
		match := &found[i]
		if other[match.Record.ID] || !sameModularity(p, &match.Affected) {
			continue
		}
		switch answer, fixes := eco.holds(&match.Affected, v); answer {
		case yes:
			hits = append(hits, hit{match, fixState(&match.Affected, fixes), fixes})
		case unknown:
			doubts = append(doubts, match.Record)
		}
	}
	return hits, doubts, nil
}

// unversioned says that p is a Go module built from a working copy: Go calls
// its version "(devel)". That is the image's own code (or a local replacement),
// which no advisory can speak of by version; it is not a version that failed
// to be read.
func unversioned(p *inventory.Package) bool {
	return p.Type == "golang" && (p.Version == "" || p.Version == "(devel)")
}
