package report

import (
	"cmp"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/layergate/layergate/agent/internal/finding"
)

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

// cdxRatings is the severity that the policy decided by, and then what every
// source said.
func cdxRatings(f *finding.Finding) *[]cdx.VulnerabilityRating {
	ratings := []cdx.VulnerabilityRating{{
		Source: &cdx.Source{Name: cmp.Or(cutField(f.SeveritySource), "layergate")}, Severity: cdxSeverity(f.Severity), Method: cdx.ScoringMethodOther,
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
