package report

import (
	"slices"
	"strings"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestCycloneDXSeverities: by the specification none says that there is nothing
// wrong; what is negligible is info, and what nobody knows is unknown.
func TestCycloneDXSeverities(t *testing.T) {
	want := map[finding.Severity]cdx.Severity{
		finding.Critical: "critical", finding.High: "high", finding.Medium: "medium", finding.Low: "low", finding.Negligible: "info", finding.Unknown: "unknown",
	}
	for _, s := range finding.Severities {
		if got := cdxSeverity(s); got != want[s] || got == "" {
			t.Errorf("%s is %q, want %q", s, got, want[s])
		}
	}
}

// TestCycloneDXScores: a rating without a vector has no score: 0 would say that
// there is nothing wrong.
func TestCycloneDXScores(t *testing.T) {
	f := &finding.Finding{Ratings: []finding.Rating{
		{Source: "Debian", Method: "distro", Severity: finding.High}, {Source: "NVD", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N", Score: 9.8},
	}}
	ratings := *cdxRatings(f)
	if len(ratings) != 3 || ratings[0].Score != nil || ratings[1].Score != nil || ratings[2].Score == nil || *ratings[2].Score != 9.8 {
		t.Errorf("the ratings are %+v", ratings)
	}
}

// TestBillsOfFirstLayers: where an older version of a package came in is told
// only where that was another layer.
func TestBillsOfFirstLayers(t *testing.T) {
	for first, want := range map[int][]string{3: nil, 0: {"0"}, 2: {"2"}} {
		r := shop()
		r.Packages = []result.Package{{Type: "npm", Name: "a", Version: "1", PURL: "pkg:npm/a@1", Path: "x", Layer: 3, FirstLayer: first}}
		components := *readCycloneDX(t, render(t, "cyclonedx", r, Options{})).Components
		at := slices.IndexFunc(components, func(c cdx.Component) bool { return c.Name == "a" })
		if got := valuesOf(components[at].Properties, "layergate:firstLayer"); !slices.Equal(got, want) {
			t.Errorf("since layer %d: %q, want %q", first, got, want)
		}
		if since := " since layer "; (want != nil) != strings.Contains(whereabouts(r, r.Packages[0]), since) {
			t.Errorf("since layer %d: %s", first, whereabouts(r, r.Packages[0]))
		}
	}
}

// TestBillsOfWrongDigests: a digest that is none is no checksum.
func TestBillsOfWrongDigests(t *testing.T) {
	for d, want := range map[string]bool{digest("d1"): true, "sha256:abc": false, "sha512:" + digest("d1")[7:]: false, "": false} {
		r := shop()
		r.Image.Digest = d
		if got := readCycloneDX(t, render(t, "cyclonedx", r, Options{})).Metadata.Component.Hashes != nil; got != want {
			t.Errorf("CycloneDX: %q is a hash: %v", d, got)
		}
		for _, p := range readSPDX(t, render(t, "spdx", r, Options{})).Packages {
			if p.PackageSPDXIdentifier == spdxImage && (len(p.PackageChecksums) > 0) != want {
				t.Errorf("SPDX: %q is a checksum: %v", d, !want)
			}
		}
	}
}
