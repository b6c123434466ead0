package result

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
)

// Sort puts everything whose order carries no meaning into one order, so that
// the same image gives the same bytes: findings by layer and the worst first,
// packages by name. Layers, ratings and fixed versions keep their order, which
// has a meaning of its own.
func (r *Result) Sort() {
	slices.Sort(r.Image.Tags)
	slices.SortFunc(r.Database.Sources, func(a, b Source) int { return strings.Compare(a.Name, b.Name) })
	slices.SortStableFunc(r.Findings, compareFindings)
	slices.SortStableFunc(r.Incomplete, compareGaps)
	slices.SortStableFunc(r.Packages, comparePackages)
	slices.SortStableFunc(r.Removed, func(a, b Removed) int {
		return cmp.Or(comparePackages(a.Package, b.Package), cmp.Compare(a.RemovedIn, b.RemovedIn))
	})
}

func compareFindings(a, b finding.Finding) int {
	if c := cmp.Or(cmp.Compare(a.Layer, b.Layer), cmp.Compare(b.Severity, a.Severity), cmp.Compare(a.Kind, b.Kind)); c != 0 {
		return c
	}
	var p, q finding.Package
	if a.Package != nil {
		p = *a.Package
	}
	if b.Package != nil {
		q = *b.Package
	}
	return cmp.Or(
		cmp.Compare(p.Name, q.Name),
		cmp.Compare(p.Version, q.Version),
		cmp.Compare(a.ID, b.ID),
		cmp.Compare(p.PURL, q.PURL),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

func compareGaps(a, b finding.Gap) int {
	return cmp.Or(
		cmp.Compare(a.Layer, b.Layer),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Reason, b.Reason),
		slices.Compare(a.IDs, b.IDs),
	)
}

func comparePackages(a, b Package) int {
	return cmp.Or(
		cmp.Compare(a.Type, b.Type),
		cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Arch, b.Arch),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.PURL, b.PURL),
		cmp.Compare(a.Layer, b.Layer),
		cmp.Compare(a.FirstLayer, b.FirstLayer),
	)
}

// Count counts findings, ignored ones too. Every severity and every action is
// a key of the maps.
func Count(findings []finding.Finding) Totals {
	t := Totals{BySeverity: map[string]int{}, ByAction: map[string]int{}}
	for _, s := range finding.Severities {
		t.BySeverity[s.String()] = 0
	}
	for _, a := range actions {
		t.ByAction[string(a)] = 0
	}
	for _, f := range findings {
		t.BySeverity[f.Severity.String()]++
		t.ByAction[string(f.Verdict.Action)]++
		if f.FixState == finding.Fixed {
			t.Fixable++
		}
	}
	return t
}
