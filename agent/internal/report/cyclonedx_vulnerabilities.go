package report

import (
	"cmp"
	"strconv"
	"strings"
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
		Description:    cutField(title(f) + ", in " + layerTitle(b.Result, f.Layer)),
		Recommendation: cutField(solution(b.Result, f)),
		Published:      cdxTime(f.Published),
		Updated:        cdxTime(f.Modified),
		Analysis:       b.analysis(f),
		Affects:        b.affects(f),
		Properties:     b.findingProperties(f).list(),
	}
	var references []cdx.VulnerabilityReference
	for _, id := range f.Aliases {
		if id != "" && id != f.ID {
			references = append(references, cdx.VulnerabilityReference{ID: cutField(id), Source: cdxSource(f, id)})
		}
	}
	if references != nil {
		v.References = &references
	}
	var advisories []cdx.Advisory
	for _, id := range f.Advisories {
		if url := Link(id); url != "" {
			advisories = append(advisories, cdx.Advisory{Title: id, URL: url})
		}
	}
	if advisories != nil {
		v.Advisories = &advisories
	}
	return v
}

// cdxSource is who publishes what an id stands for. NVD, GITHUB and OSV are the
// names that Dependency-Track knows.
func cdxSource(f *finding.Finding, id string) *cdx.Source {
	if f.Kind != finding.Vulnerability {
		return &cdx.Source{Name: "layergate"}
	}
	s := &cdx.Source{URL: Link(id)}
	switch {
	case strings.HasPrefix(id, "CVE-"):
		s.Name = "NVD"
	case strings.HasPrefix(id, "GHSA-"):
		s.Name = "GITHUB"
	case strings.HasPrefix(s.URL, "https://osv.dev/"):
		s.Name = "OSV"
	case len(f.Sources) > 0:
		s.Name = cutField(f.Sources[0])
	}
	return s
}

// cdxRatings is the severity that counts, first, and then what every source
// said.
func cdxRatings(f *finding.Finding) *[]cdx.VulnerabilityRating {
	ratings := []cdx.VulnerabilityRating{{
		Source: &cdx.Source{Name: cmp.Or(cutField(f.SeveritySource), "layergate")}, Severity: cdxSeverity(f.Severity), Method: cdx.ScoringMethodOther,
		Justification: "the severity that the policy decided by",
	}}
	for _, r := range f.Ratings {
		rating := cdx.VulnerabilityRating{
			Source: &cdx.Source{Name: cutField(r.Source)}, Severity: cdxSeverity(r.Severity), Method: cdxMethod(r), Vector: cutField(r.Vector),
		}
		if r.Vector != "" {
			rating.Score = &r.Score
		}
		ratings = append(ratings, rating)
	}
	return &ratings
}

func cdxMethod(r finding.Rating) cdx.ScoringMethod {
	switch {
	case r.Method == "CVSS_V4":
		return cdx.ScoringMethodCVSSv4
	case r.Method == "CVSS_V3" && strings.HasPrefix(r.Vector, "CVSS:3.1/"):
		return cdx.ScoringMethodCVSSv31
	case r.Method == "CVSS_V3":
		return cdx.ScoringMethodCVSSv3
	case r.Method == "CVSS_V2":
		return cdx.ScoringMethodCVSSv2
	}
	return cdx.ScoringMethodOther
}

// cdxSeverity translates: CycloneDX has no "negligible", and its "none" says
// that there is nothing.
func cdxSeverity(s finding.Severity) cdx.Severity {
	switch s {
	case finding.Critical:
		return cdx.SeverityCritical
	case finding.High:
		return cdx.SeverityHigh
	case finding.Medium:
		return cdx.SeverityMedium
	case finding.Low:
		return cdx.SeverityLow
	case finding.Negligible:
		return cdx.SeverityInfo
	}
	return cdx.SeverityUnknown
}

// analysis is the finding's state as VEX has it, as far as it is known. What a
// rule decides says nothing about the vulnerability, so nobody has looked at
// it yet: in_triage. An exception says that somebody has, and why, but in words
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

func (b cdxBill) findingProperties(f *finding.Finding) cdxProperties {
	var p cdxProperties
	p.add("kind", string(f.Kind))
	p.add("fingerprint", f.Fingerprint)
	p.add("severity", f.Severity.String())
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
	if f.Package != nil {
		p.add("package", f.Package.PURL)
	}
	p.add("path", f.Path)
	return append(p, b.layerProperties(f.Layer)...)
}

func cdxTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
