package fix

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// vuln is a vulnerability that blocks; fixed is empty where there is no fix.
func vuln(id string, p finding.Package, layer int, path string, fixed ...string) finding.Finding {
	f := finding.Finding{Kind: finding.Vulnerability, ID: id, Package: &p, Layer: layer, Path: path, FixState: finding.NotFixed, FixedIn: fixed,
		Verdict: finding.Verdict{Action: finding.Block}}
	if len(fixed) > 0 {
		f.FixState = finding.Fixed
	}
	return f
}

func TestRemedies(t *testing.T) {
	libc6 := finding.Package{Type: "deb", Name: "libc6", Version: "2.36-9", Source: "glibc"}
	libcBin := finding.Package{Type: "deb", Name: "libc-bin", Version: "2.36-9", Source: "glibc"}
	log4j := finding.Package{Type: "maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1"}
	npm := finding.Package{Type: "npm", Name: "odd", Version: "1.0.0"}
	const status, jar = "var/lib/dpkg/status", "srv/a.jar"
	alert := vuln("CVE-9", log4j, 2, jar, "2.17.0")
	alert.Verdict.Action = finding.Alert
	findings := []finding.Finding{
		vuln("CVE-1", libc6, 0, status, "2.36-9+deb12u10"),
		vuln("CVE-2", libcBin, 0, status, "2.36-9+deb12u3"), // by letters the higher of the two
		vuln("CVE-3", libc6, 0, status),
		vuln("CVE-4", log4j, 2, jar, "2.9.0", "2.17.0"), // two advisories: it is found until the later is obeyed
		vuln("CVE-5", log4j, 2, "srv/b.jar", "2.15.0"),
		vuln("CVE-4", log4j, 3, jar, "2.9.0"),
		vuln("CVE-6", npm, 3, "package.json", "not a version"),
		vuln("CVE-7", npm, 3, "package.json", "1.0.1"),
		{Kind: finding.Secret, ID: "aws-access-key", Path: ".env", Layer: 3, Verdict: finding.Verdict{Action: finding.Block}},
		vuln("CVE-8", libc6, -1, status),
		alert,
	}
	want := []result.Remedy{
		{Layer: -1, Kind: finding.Vulnerability, Type: "deb", Source: "glibc", Packages: []string{"libc6"}, From: "2.36-9", IDs: []string{"CVE-8"}, Findings: 1},
		{Layer: 0, Kind: finding.Vulnerability, Type: "deb", Source: "glibc", Packages: []string{"libc-bin", "libc6"}, From: "2.36-9",
			To: []string{"2.36-9+deb12u10"}, IDs: []string{"CVE-1", "CVE-2"}, Findings: 2},
		{Layer: 0, Kind: finding.Vulnerability, Type: "deb", Source: "glibc", Packages: []string{"libc6"}, From: "2.36-9", IDs: []string{"CVE-3"}, Findings: 1},
		{Layer: 2, Kind: finding.Vulnerability, Type: "maven", Packages: []string{log4j.Name}, From: "2.14.1",
			To: []string{"2.17.0"}, Paths: []string{jar, "srv/b.jar"}, IDs: []string{"CVE-4", "CVE-5"}, Findings: 2},
		{Layer: 3, Kind: finding.Vulnerability, Type: "npm", Packages: []string{"odd"}, From: "1.0.0",
			To: []string{"1.0.1", "not a version"}, Paths: []string{"package.json"}, IDs: []string{"CVE-6", "CVE-7"}, Findings: 2},
		{Layer: 3, Kind: finding.Vulnerability, Type: "maven", Packages: []string{log4j.Name}, From: "2.14.1",
			To: []string{"2.9.0"}, Paths: []string{jar}, IDs: []string{"CVE-4"}, Findings: 1},
		{Layer: 3, Kind: finding.Secret, Paths: []string{".env"}, IDs: []string{"aws-access-key"}, Findings: 1},
	}
	for range 20 { // in whatever order the findings come
		if diff := cmp.Diff(want, Remedies(findings)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		rand.Shuffle(len(findings), func(i, j int) { findings[i], findings[j] = findings[j], findings[i] })
	}
}

func TestNothingBlocks(t *testing.T) {
	f := vuln("CVE-1", finding.Package{Type: "deb", Name: "a", Version: "1"}, 0, "", "2")
	f.Verdict.Action = finding.Ignore
	if got := Remedies([]finding.Finding{f}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// Every finding that blocks is cleared by one remedy.
func TestNothingIsLeftOut(t *testing.T) {
	var findings []finding.Finding
	for i := range 100 {
		p := finding.Package{Type: "npm", Name: string(rune('a' + i%7)), Version: "1.0.0"}
		f := vuln("CVE-1", p, i%4, "x", []string{"1.0.1", "1.1.0"}[:i%3]...)
		findings = append(findings, f)
	}
	n := 0
	for _, m := range Remedies(findings) {
		n += m.Findings
	}
	if n != len(findings) {
		t.Errorf("remedies for %d findings of %d", n, len(findings))
	}
}
