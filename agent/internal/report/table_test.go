package report

import (
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

func TestLink(t *testing.T) {
	for id, want := range map[string]string{
		"CVE-2021-44228":        "https://nvd.nist.gov/vuln/detail/CVE-2021-44228",
		"GHSA-jfh8-c2jp-5v3q":   "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q",
		"GO-2023-1840":          "https://pkg.go.dev/vuln/GO-2023-1840",
		"RUSTSEC-2021-0001":     "https://rustsec.org/advisories/RUSTSEC-2021-0001.html",
		"DEBIAN-CVE-2021-3711":  "https://security-tracker.debian.org/tracker/CVE-2021-3711",
		"ALPINE-CVE-2021-36159": "https://security.alpinelinux.org/vuln/CVE-2021-36159",
		"PYSEC-2021-1":          "https://osv.dev/vulnerability/PYSEC-2021-1",
		"RHSA-2021:1234":        "https://access.redhat.com/errata/RHSA-2021:1234",
		"x_NSWG-118":            "",
		"aws-access-key":        "",
		"":                      "",
		"CVE-2021-1\x1b\\evil":  "",
		"CVE-2021-1/../../x":    "",
		"CVE-2021-1 ":           "",
		"javascript:alert(1)":   "",
	} {
		if got := Link(id); got != want {
			t.Errorf("Link(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestColoursAndLinks(t *testing.T) {
	golden(t, "shop.terminal", render(t, "table", shop(), Options{Color: true, Hyperlinks: true, Width: 160}))
}

// TestPlainTableHasNoSequences: a build log gets text and nothing else.
func TestPlainTableHasNoSequences(t *testing.T) {
	if got := string(render(t, "table", crowded(), Options{})); strings.ContainsRune(got, '\x1b') {
		t.Error("an escape sequence in a plain table")
	}
}

// TestWholeIDsAndVersions: however narrow, every id and version stays in one piece.
func TestWholeIDsAndVersions(t *testing.T) {
	r := crowded()
	r.Findings[0].Package.Version = "1:2023.10.05~really-a-very-long-version-of-a-snapshot+git20231005.0123456789abcdef-1ubuntu2~22.04.1"
	for _, width := range []int{1, 60, 80, 200} {
		got := strings.Fields(string(render(t, "table", r, Options{Width: width})))
		words := make(map[string]bool, len(got))
		for _, w := range got {
			words[strings.TrimSuffix(w, ",")] = true
		}
		for _, f := range r.Findings {
			if !words[f.ID] {
				t.Errorf("width %d: %s is missing", width, f.ID)
			}
			if p := f.Package; p != nil && !words[p.Version] {
				t.Errorf("width %d: version %s of %s is missing", width, p.Version, p.Name)
			}
			if f.FixState == finding.Fixed && !words[f.FixedIn[0]] {
				t.Errorf("width %d: fix %s is missing", width, f.FixedIn[0])
			}
		}
	}
}

func TestLinesFitTheWidth(t *testing.T) {
	const width = 132
	for line := range strings.Lines(string(render(t, "table", crowded(), Options{Width: width}))) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// TestVerdictIsLast: what stops the pipeline is what the end of the log shows.
func TestVerdictIsLast(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "broken": broken(), "clean": clean()} {
		lines := strings.Split(strings.TrimSpace(string(render(t, "table", r, Options{}))), "\n")
		from := len(lines) - 1 - len(r.Verdict.Reasons)
		if !strings.HasPrefix(lines[from], "verdict: ") {
			t.Errorf("%s: the last lines are\n%s", name, strings.Join(lines[from:], "\n"))
		}
	}
}

// TestResultThatWasNotChecked: indexes that point nowhere are not followed.
func TestResultThatWasNotChecked(t *testing.T) {
	r := shop()
	r.Findings[0].Layer, r.Findings[1].Layer = 1000, -5
	r.Findings[5].Package.FirstLayer = 1000
	r.Incomplete = []finding.Gap{{Kind: "odd", Subject: "x", Reason: "y", Layer: 1000}}
	got := string(render(t, "table", r, Options{}))
	if !strings.Contains(got, "no layer that can be named") || !strings.Contains(got, "odd: y") {
		t.Errorf("got:\n%s", got)
	}
}

// A scan that failed early was decided by no rule, and no report makes one up.
func TestNoRule(t *testing.T) {
	r := failedScan()
	r.Policy.Rule = ""
	for format, want := range map[string]string{
		"table": "by no rule of the embedded policy", "text": "rule: none", "markdown": "rule none",
		"html": "Decided by no rule of the <bdi>embedded</bdi> policy",
	} {
		if got := string(render(t, format, r, Options{})); !strings.Contains(got, want) || strings.Contains(got, `rule ""`) {
			t.Errorf("%s does not say %q", format, want)
		}
	}
}
