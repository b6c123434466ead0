package report

import (
	"cmp"
	"strconv"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/layergate/layergate/agent/internal/finding"
)

// vulnerabilities is every finding, in the order of the result. An id comes as
// often as there are packages that have it: verdict, layer and fix are of the
// finding, not of the id. Findings that are no vulnerabilities (secrets,
// misconfigurations, …) are here too, with layergate as their source: a
// vulnerability is "a weakness in a component", and theirs is the image.
func (b cdxBill) vulnerabilities() []cdx.Vulnerability {
	list := make([]cdx.Vulnerability, 0, len(b.Findings))
	seen := make(map[string]int, len(b.Findings))
	for i := range b.Findings {
		f := &b.Findings[i]
		v := b.vulnerability(f)
		v.BOMRef = distinctID(seen, "finding-"+idWord(f.Fingerprint))
		list = append(list, v)
	}
	return list
}

func (b cdxBill) vulnerability(f *finding.Finding) cdx.Vulnerability {
	v := cdx.Vulnerability{
		ID:             cutField(f.ID),
		Source:         cdxSource(f, f.ID),
		Ratings:        cdxRatings(f),
		Recommendation: cutField(solution(b.Result, f)),
		Published:      cdxTime(f.Published),
		Updated:        cdxTime(f.Modified),
		Analysis:       b.analysis(f),
		Affects:        b.affects(f),
		Properties:     b.findingProperties(f).list(),
	}
	if f.Package == nil { // then the affected component does not say what it is about
		v.Description = cutField(title(f))
	}
	var others []cdx.VulnerabilityReference
	for _, id := range f.Aliases {
		if id != "" && id != f.ID {
			others = append(others, cdx.VulnerabilityReference{ID: cutField(id), Source: cdxSource(f, id)})
		}
	}
	if others != nil {
		v.References = &others
	}
	return v
}

// analysis is the finding's state as VEX has it, as far as it is known. What a
// rule decides says nothing about whether the image is affected: that is still
// to be found out, in_triage. An exception says that somebody has, but in words
// only: "not reachable" and "we take the risk" would be different states, so
// none is given, and the words are in the detail.
func (b cdxBill) analysis(f *finding.Finding) *cdx.VulnerabilityAnalysis {
	a := &cdx.VulnerabilityAnalysis{State: cdx.IASInTriage}
	if b.byException(f.Verdict) {
		a.State, a.Detail = "", cutField(cmp.Or(f.Verdict.Reason, f.Verdict.Rule))
	}
	switch f.FixState {
	case finding.Fixed:
		a.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARUpdate}
	case finding.WillNotFix:
		a.Response = &[]cdx.ImpactAnalysisResponse{cdx.IARWillNotFix}
	}
	return a
}

// affects is the package; the image where there is none, or where the
// inventory does not have it.
func (b cdxBill) affects(f *finding.Finding) *[]cdx.Affects {
	i, ok := b.packageOf(f)
	if !ok {
		return &[]cdx.Affects{{Ref: cdxImage}}
	}
	a := cdx.Affects{Ref: b.ids[i]}
	if f.Package.Version != "" {
		a.Range = &[]cdx.AffectedVersions{{Version: cutField(f.Package.Version), Status: cdx.VulnerabilityStatusAffected}}
	}
	return &[]cdx.Affects{a}
}

// findingProperties is what else is known. What the affected component says is
// not repeated.
func (b cdxBill) findingProperties(f *finding.Finding) cdxProperties {
	var p cdxProperties
	if f.Kind != finding.Vulnerability {
		p.add("kind", string(f.Kind))
	}
	p.add("verdict", string(f.Verdict.Action))
	p.add("verdict:rule", f.Verdict.Rule)
	p.add("verdict:reason", f.Verdict.Reason)
	p.add("fix:state", string(f.FixState))
	for _, version := range f.FixedIn {
		p.add("fix:version", version)
	}
	p.addTime("fix:date", f.FixDate)
	if f.EPSS != nil {
		p.add("epss", strconv.FormatFloat(*f.EPSS, 'f', -1, 64))
	}
	if f.KnownExploited {
		p.add("knownExploited", "true")
	}
	if f.Severity == finding.Negligible { // for which CycloneDX has no word
		p.add("severity", f.Severity.String())
	}
	if l, ok := layerAt(b.Result, f.Layer); ok {
		p.add("layer:index", strconv.Itoa(l.Index))
	}
	if _, listed := b.packageOf(f); !listed {
		if f.Package != nil {
			p.add("package", f.Package.PURL)
		}
		p.add("path", f.Path)
	}
	return p
}

// cdxTime is a time as the schema wants it, which knows years of four digits;
// a time zone may lead out of them.
func cdxTime(t time.Time) string {
	t = t.UTC()
	if t.IsZero() || t.Year() < 0 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339)
}
