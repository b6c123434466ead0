package report

import (
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestSARIFWorstGrade: a rule has one score, that of its worst finding, wherever
// that stands.
func TestSARIFWorstGrade(t *testing.T) {
	rated := func(s finding.Severity, score float64) *finding.Finding {
		return &finding.Finding{Severity: s, Ratings: []finding.Rating{{Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N", Score: score}}}
	}
	high, low := rated(finding.High, 7.5), rated(finding.Low, 3)
	for _, all := range [][]*finding.Finding{{high}, {high, low}, {low, high}} {
		if got := (&sarifRule{findings: all}).securitySeverity(); got != 7.5 {
			t.Errorf("the score is %.1f, want 7.5", got)
		}
	}
}

// TestSARIFBlockedByNumber: findings that alert one by one and block together,
// by max-allowed, have a result that says so.
func TestSARIFBlockedByNumber(t *testing.T) {
	r := shop()
	r.Findings = r.Findings[8:9] // alerts
	r.Remedies = nil
	r.Verdict = result.Verdict{Action: finding.Block, ExitCode: 2, Reasons: []string{"60 medium vulnerabilities, and 50 are allowed"}}
	sign(r)
	run := sarifRunOf(t, r)
	if len(run.Results) != 2 || *run.Results[0].RuleID != "blocked-image" || *run.Results[0].Level != "error" {
		t.Errorf("the results are %+v", run.Results)
	}
	acceptedByGitHub(t, run)
}

// TestSARIFScanThatSaysNothing: exit code 1 without a gap or a reason is not
// clean either.
func TestSARIFScanThatSaysNothing(t *testing.T) {
	for name, change := range map[string]func(*result.Result){
		"the verdict": func(r *result.Result) { r.Verdict.Incomplete = true },
		"a gap": func(r *result.Result) {
			r.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Subject: "x", Layer: -1}}
		},
		"the exit code": func(r *result.Result) { r.Verdict.ExitCode = 1 },
		"the failure":   func(r *result.Result) { r.Failed = "x" },
	} {
		r := clean()
		change(r)
		if completeScan(r) {
			t.Errorf("%s does not count", name)
		}
		if run := sarifRunOf(t, r); len(run.Results) != 1 || *run.Results[0].RuleID != "incomplete-scan" {
			t.Errorf("%s: the results are %+v", name, run.Results)
		}
	}
}

// TestSARIFLastLine: a place whose end is not known, or wrong, ends where it
// begins: SARIF wants no region that ends before its beginning.
func TestSARIFLastLine(t *testing.T) {
	for end, want := range map[int]int{0: 7, 3: 7, 7: 7, 9: 9} {
		r := shop()
		r.Layers[3].Dockerfile = &result.Place{Path: "Dockerfile", Line: 7, EndLine: end}
		region := sarifLocation(r, &r.Findings[6]).PhysicalLocation.Region
		if *region.StartLine != 7 || *region.EndLine != want {
			t.Errorf("to line %d: %d to %d", end, *region.StartLine, *region.EndLine)
		}
	}
}
