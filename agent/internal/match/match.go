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
	"slices"

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
	m := &matching{
		idx:      idx,
		matches:  make(map[subject][]advisory.Match),
		facts:    make(map[string]known),
		outcomes: make(map[question]outcome),
	}
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
		out, err := m.ask(p, eco, elsewhere[p.Module])
		if err != nil {
			return nil, nil, err
		}
		pkg := packageOf(p, eco)
		for _, f := range out.findings {
			f.Package, f.Path, f.Layer = pkg, p.Path, p.Layer
			findings = append(findings, f)
		}
		if len(out.undecided) > 0 {
			gaps = append(gaps, undecidedGap(p, out.undecided))
		}
	}
	sortFindings(findings)
	return findings, append(without.gaps(inv.Distro), gaps...), nil
}

// matching is one run of Match. It remembers what it asked of the index and
// what came of it, since many binary packages come from one source package,
// and many findings are of one CVE.
type matching struct {
	idx      Index
	matches  map[subject][]advisory.Match
	facts    map[string]known
	outcomes map[question]outcome
}

type subject struct{ ecosystem, name string }

type known struct {
	facts advisory.Facts
	ok    bool
}

// question is all of a package that the outcome hangs on.
type question struct {
	subject
	version, module string
}

// outcome is what is known of a package wherever it lies.
type outcome struct {
	findings  []finding.Finding // without Package, Path and Layer
	undecided []string          // ids
}

func (m *matching) lookup(ecosystem, pkg string) ([]advisory.Match, error) {
	key := subject{ecosystem, pkg}
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

// ask finds what p has. other are ids of records about another stream of p's
// module.
func (m *matching) ask(p *inventory.Package, eco ecosystem, other map[string]bool) (outcome, error) {
	names := eco.names(p)
	q := question{subject{p.Ecosystem, names[0].name}, names[0].version, p.Module}
	if out, ok := m.outcomes[q]; ok {
		return out, nil
	}
	var hits []hit
	var doubts []*advisory.Record
	spoken := make(map[string]bool) // records that speak of p by a nearer name
	for _, name := range names {
		matches, err := m.advisories(p.Ecosystem, name)
		if err != nil {
			return outcome{}, err
		}
		if len(matches) == 0 || unversioned(p) {
			continue
		}
		matches = slices.DeleteFunc(slices.Clone(matches), func(match advisory.Match) bool {
			return spoken[match.Record.ID] || other[match.Record.ID] || !sameLine(p, &match.Affected)
		})
		for i := range matches {
			spoken[matches[i].Record.ID] = true
		}
		more, unclear := eco.decide(matches, name.version)
		hits, doubts = append(hits, more...), append(doubts, unclear...)
	}
	var out outcome
	var err error
	if out.findings, err = m.findings(hits, p.Distro); err != nil {
		return outcome{}, err
	}
	out.undecided = undecided(doubts, out.findings)
	m.outcomes[q] = out
	return out, nil
}

// hit is an advisory that holds for a package.
type hit struct {
	*advisory.Match
	state finding.FixState
	fixes []fix // the nearest upgrade of each range that the version lies in
}

// decide goes through the advisories for a package: those that hold for its
// version, and the records for which nobody can tell.
func (e ecosystem) decide(matches []advisory.Match, version string) (hits []hit, doubts []*advisory.Record) {
	v := e.parse(version)
	for i := range matches {
		match := &matches[i]
		switch answer, fixes := e.holds(&match.Affected, v); answer {
		case yes:
			hits = append(hits, hit{match, fixState(&match.Affected, fixes), fixes})
		case unknown:
			doubts = append(doubts, match.Record)
		}
	}
	return hits, doubts
}

// unversioned says that p is a Go module built from a working copy: Go calls
// its version "(devel)". That is the image's own code (or a local replacement),
// which no advisory can speak of by version; it is not a version that failed
// to be read.
func unversioned(p *inventory.Package) bool {
	return p.Type == "golang" && (p.Version == "" || p.Version == "(devel)")
}
