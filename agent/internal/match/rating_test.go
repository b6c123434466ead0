package match

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

const (
	// Scores as published by NVD and GitHub for these CVEs.
	log4shell3 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"                    // CVE-2021-44228: 10.0
	log4shell2 = "AV:N/AC:M/Au:N/C:C/I:C/A:C"                                      // CVE-2021-44228: 9.3
	heartbleed = "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"                    // 7.5
	mongo4     = "CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N" // CVE-2026-8053: 8.7
	harmless   = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N"                    // 0.0
)

func TestSeverity(t *testing.T) {
	distro := func(source, word string) advisory.Severity {
		return advisory.Severity{Source: source, Method: "distro", Score: word}
	}
	vector := func(source, method, score string) advisory.Severity {
		return advisory.Severity{Source: source, Method: method, Score: score}
	}
	for _, test := range []struct {
		what   string
		distro bool
		own    []advisory.Severity
		facts  []advisory.Severity
		want   finding.Severity
		source string
		scores []float64
	}{
		{"nothing", true, nil, nil, finding.Unknown, "", nil},
		{"the distro's word before any score", true, []advisory.Severity{vector("Debian", "CVSS_V3", log4shell3), distro("Debian", "unimportant")}, nil, finding.Negligible, "Debian", []float64{0, 10}},
		{"Red Hat's words", true, []advisory.Severity{distro("AlmaLinux", "important")}, nil, finding.High, "AlmaLinux", []float64{0}},
		{"a word that says nothing", true, []advisory.Severity{distro("Debian", "not yet assigned")}, []advisory.Severity{vector("NVD", "CVSS_V3", heartbleed)}, finding.High, "CVSS 3.0 (NVD)", []float64{7.5, 0}},
		{"a tracker's guess", true, []advisory.Severity{distro("Debian", "low**")}, nil, finding.Low, "Debian", []float64{0}},
		{"newer CVSS first", false, []advisory.Severity{vector("GHSA", "CVSS_V2", log4shell2), vector("GHSA", "CVSS_V3", log4shell3), vector("GHSA", "CVSS_V4", mongo4)}, nil, finding.High, "CVSS 4.0", []float64{8.7, 10, 9.3}},
		{"the worse of two", false, []advisory.Severity{vector("b", "CVSS_V3", harmless), vector("a", "CVSS_V3", log4shell3)}, nil, finding.Critical, "CVSS 3.1", []float64{10, 0}},
		{"CVSS 2 knows no critical", false, []advisory.Severity{vector("NVD", "CVSS_V2", log4shell2)}, nil, finding.High, "CVSS 2.0", []float64{9.3}},
		{"no impact", false, []advisory.Severity{vector("NVD", "CVSS_V3", harmless)}, nil, finding.Negligible, "CVSS 3.1", []float64{0}},
		{"the record's score before the CVE's", false, []advisory.Severity{vector("GHSA", "CVSS_V3", heartbleed)}, []advisory.Severity{vector("NVD", "CVSS_V4", mongo4)}, finding.High, "CVSS 3.0", []float64{7.5, 8.7}},
		{"the CVE's score before a word", false, []advisory.Severity{distro("GHSA", "MODERATE")}, []advisory.Severity{vector("NVD", "CVSS_V3", heartbleed)}, finding.High, "CVSS 3.0 (NVD)", []float64{7.5, 0}},
		{"a word", false, []advisory.Severity{distro("GHSA", "MODERATE")}, nil, finding.Medium, "GHSA", []float64{0}},
		{"a broken vector is kept and does not count", false, []advisory.Severity{vector("a", "CVSS_V3", "CVSS:3.1/AV:N"), distro("GHSA", "low")}, nil, finding.Low, "GHSA", []float64{0, 0}},
		{"only a broken vector", false, []advisory.Severity{vector("a", "CVSS_V3", "garbage")}, nil, finding.Unknown, "", []float64{0}},
		{"a distro that does not know outweighs a score", true, []advisory.Severity{distro("Debian", "undetermined")}, []advisory.Severity{vector("NVD", "CVSS_V3", heartbleed)}, finding.Unknown, "Debian", []float64{0, 7.5}},
		{"unmaintained", false, []advisory.Severity{distro("crates.io", "informational")}, nil, finding.Negligible, "crates.io", []float64{0}},
	} {
		h := hit{Match: &advisory.Match{Record: &advisory.Record{Severities: test.own}}}
		list := append(recordRatings([]hit{h, h}, test.distro), factRatings(advisory.Facts{Severities: test.facts})...)
		severity, source, ratings := rate(list)
		var scores []float64
		for _, r := range ratings {
			scores = append(scores, r.Score)
		}
		if severity != test.want || source != test.source {
			t.Errorf("%s: %s by %q, want %s by %q", test.what, severity, source, test.want, test.source)
		}
		if diff := cmp.Diff(test.scores, scores); diff != "" {
			t.Errorf("%s: %s", test.what, diff)
		}
	}
}
