package e2e

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// sameFindings fails unless two results of one image have the same packages
// and findings, layers included.
func sameFindings(t testing.TB, want, got *result.Result) {
	t.Helper()
	compare(t, want, got, func(*result.Result) {})
}

// sameButLayers is sameFindings for a root file system, which is one layer.
func sameButLayers(t testing.TB, want, got *result.Result) {
	t.Helper()
	compare(t, want, got, withoutLayers)
}

func compare(t testing.TB, want, got *result.Result, blur func(*result.Result)) {
	t.Helper()
	if len(want.Packages) == 0 {
		t.Fatalf("%s: no packages to compare", want.Image.Name)
	}
	a, b := facts(want, blur), facts(got, blur)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("%s (-) and %s (+) differ:\n%s", want.Image.Name, got.Image.Name, diff)
	}
}

// facts is a result without what says how the image was found and stored.
func facts(r *result.Result, blur func(*result.Result)) result.Result {
	c := result.Result{
		Distro:     r.Distro,
		Verdict:    r.Verdict,
		Totals:     r.Totals,
		Layers:     slices.Clone(r.Layers),
		Findings:   slices.Clone(r.Findings),
		Incomplete: slices.Clone(r.Incomplete),
		Packages:   slices.Clone(r.Packages),
		Removed:    slices.Clone(r.Removed),
	}
	for i := range c.Layers {
		c.Layers[i].Digest = "" // of the stored bytes, which differ by compression
		c.Layers[i].Size = 0
	}
	blur(&c)
	return c
}

func withoutLayers(r *result.Result) {
	r.Layers, r.Removed = nil, nil
	r.Verdict.Reasons = nil // they name the first few findings, in the order of layers
	for i, gap := range r.Incomplete {
		r.Incomplete[i] = finding.Gap{Kind: gap.Kind} // the reason may name the layer that is to blame
	}
	for i := range r.Packages {
		r.Packages[i].Layer, r.Packages[i].FirstLayer = 0, 0
	}
	for i, f := range r.Findings {
		r.Findings[i].Layer, r.Findings[i].Fingerprint = 0, "" // which is made of the instruction too
		if f.Package != nil {
			p := *f.Package
			p.FirstLayer = 0
			r.Findings[i].Package = &p
		}
	}
	key := func(f finding.Finding) string { return f.ID + f.Path + f.Package.PURL }
	slices.SortFunc(r.Findings, func(a, b finding.Finding) int { return strings.Compare(key(a), key(b)) })
	slices.SortFunc(r.Packages, func(a, b result.Package) int { return strings.Compare(a.PURL+a.Path, b.PURL+b.Path) })
}

// installed lists a result's packages of one type as "name version arch".
func installed(r *result.Result, kind string) []string {
	var list []string
	for _, p := range r.Packages {
		if p.Type == kind {
			list = append(list, strings.TrimSpace(p.Name+" "+p.Version+" "+p.Arch))
		}
	}
	slices.Sort(list)
	return list
}

// dpkg lists what an image's own dpkg says is installed, as installed does.
func dpkg(t testing.TB, image string) []string {
	t.Helper()
	output := inContainer(t, image, `dpkg-query --show --showformat '${db:Status-Status} ${Package} ${Version} ${Architecture}\n'`)
	var list []string
	for line := range strings.Lines(output) {
		if p, ok := strings.CutPrefix(strings.TrimSpace(line), "installed "); ok {
			list = append(list, p)
		}
	}
	slices.Sort(list)
	return list
}

// sameList fails unless the two lists, both sorted, are the same and not empty.
func sameList(t testing.TB, what string, want, got []string) {
	t.Helper()
	if len(want) == 0 {
		t.Fatalf("%s: the truth is empty", what)
	}
	compareLists(t, what, want, got)
}

func compareLists(t testing.TB, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-truth +scan):\n%s", what, diff)
	}
}
