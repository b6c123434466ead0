package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

func readCodeQuality(t *testing.T, r *result.Result) []codeIssue {
	t.Helper()
	report := render(t, "codequality", r, Options{})
	fits(t, "codequality", report)
	var issues []codeIssue
	if err := json.Unmarshal(report, &issues); err != nil {
		t.Fatal(err)
	}
	return issues
}

func harmlessCodeQuality(t *testing.T, report []byte, _ Options, _ string) {
	fits(t, "codequality", report)
	harmlessStrings(t, report)
	var issues []codeIssue
	if err := json.Unmarshal(report, &issues); err != nil {
		t.Fatal(err)
	}
	if len(issues) != len(shop().Findings)+1 {
		t.Errorf("%d issues", len(issues))
	}
	for _, i := range issues {
		if strings.ContainsAny(i.Description, "<>") || strings.Contains(i.Description, "%{") {
			t.Errorf("the widget acts on %q", i.Description)
		}
	}
}

// TestCodeQualityHasEverything: one entry for each finding, and GitLab keeps
// all of them.
func TestCodeQualityHasEverything(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "crowded": crowded(), "kinds": kinds(), "versions": versions(), "hostile": hostileResult("x")} {
		prints := make(map[string]bool)
		issues := readCodeQuality(t, r)
		for _, i := range issues {
			prints[i.Fingerprint] = true
		}
		if want := len(r.Findings) + len(gapsByReason(r)); len(issues) != want || len(prints) != want {
			t.Errorf("%s: %d entries and %d fingerprints, want %d", name, len(issues), len(prints), want)
		}
	}
}

// versions is a result with one vulnerability in three versions of a package in
// one file, which have one fingerprint, and with gaps.
func versions() *result.Result {
	r := crowded()
	r.Incomplete = broken().Incomplete
	for _, version := range []string{"2.13.0", "2.12.0"} {
		f := r.Findings[6]
		p := *f.Package
		p.Version, f.Path, f.Package = version, strings.ReplaceAll(f.Path, f.Package.Version, version), &p
		r.Findings = append(r.Findings, f)
	}
	for i := range r.Findings {
		if p := r.Findings[i].Package; p != nil && p.Name == r.Findings[6].Package.Name {
			r.Findings[i].Path = "srv/shop.jar"
		}
	}
	sign(r)
	return r
}

// TestCodeQualityTracksOverBuilds: a rebuilt image changes nothing in the
// widget, in whatever order its findings come.
func TestCodeQualityTracksOverBuilds(t *testing.T) {
	prints := func(r *result.Result) []string {
		var list []string
		for _, i := range readCodeQuality(t, r) {
			title, _, _ := strings.Cut(i.Description, " (")
			list = append(list, title+" "+i.Fingerprint)
		}
		slices.Sort(list)
		return list
	}
	other := rebuilt(versions())
	slices.Reverse(other.Findings)
	if diff := cmp.Diff(prints(versions()), prints(other)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
	for i := range other.Layers {
		other.Layers[i].Instruction += " --another"
	}
	sign(other)
	if cmp.Equal(prints(versions()), prints(other)) {
		t.Error("another instruction should make another fingerprint")
	}
}

// TestCodeQualityLocation: paths are relative and clean, and lead to the
// Dockerfile where one is known.
func TestCodeQualityLocation(t *testing.T) {
	located, bare := shop(), shop()
	bare.Layers[3].Dockerfile = nil
	for _, test := range []struct {
		r           *result.Result
		layer       int
		file, place string
		want        string
	}{
		{located, 3, "srv/shop.jar", "web/Dockerfile", "web/Dockerfile:7"},
		{located, 3, "srv/shop.jar", "./web/../Dockerfile", "Dockerfile:7"},
		{located, 3, "srv/shop.jar", "/../../etc/passwd", "etc/passwd:7"},
		{located, 3, "srv/shop.jar", ".", "Dockerfile:7"},
		{located, 0, "", "web/Dockerfile", "web/Dockerfile:1"},
		{bare, 3, "srv/shop.jar", "", "srv/shop.jar:1"},
		{bare, -1, "", "", "registry.example.com/shop/web:1.2:1"},
	} {
		if test.place != "" {
			test.r.Layers[3].Dockerfile.Path = test.place
		}
		at := codeLocation(test.r, test.layer, test.file)
		if got := fmt.Sprintf("%s:%d", at.Path, at.Lines.Begin); got != test.want {
			t.Errorf("%+v: %s, want %s", test, got, test.want)
		}
	}
}

// TestCodeQualitySaysAll: a long name does not push out what else there is.
func TestCodeQualitySaysAll(t *testing.T) {
	r := shop()
	f := &r.Findings[6]
	f.Package.Name = strings.Repeat("long", 1000)
	r.Layers[3].Instruction = "RUN " + strings.Repeat("x", 4000)
	got := describe(r, f)
	for _, want := range []string{"CVE-2021-44228 in longlong", "(app layer 3: RUN xxx", "upgrade to 2.15.0. Known to be exploited. The policy blocks it: critical and fixed"} {
		if !strings.Contains(got, want) || len(got) > maxDescribed {
			t.Errorf("no %q in %q", want, got)
		}
	}
}

// TestCodeSeverity: only what blocks is a blocker.
func TestCodeSeverity(t *testing.T) {
	for _, test := range []struct {
		action   finding.Action
		severity finding.Severity
		want     string
	}{
		{finding.Block, finding.Low, "blocker"},
		{finding.Alert, finding.Critical, "critical"},
		{finding.Pass, finding.High, "major"},
		{finding.Alert, finding.Medium, "minor"},
		{finding.Alert, finding.Unknown, "minor"},
		{finding.Alert, finding.Low, "info"},
		{finding.Ignore, finding.Critical, "info"},
	} {
		f := finding.Finding{Severity: test.severity, Verdict: finding.Verdict{Action: test.action}}
		if got := codeSeverity(&f); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.action, test.severity, got, test.want)
		}
	}
}
