package report

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

func date(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// digest is a digest that can be told apart by its first digits.
func digest(start string) string {
	return "sha256:" + start + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"[len(start):]
}

// shop is an image with a bit of everything: a distro base, a jar with
// Log4Shell in a layer of its own, an exception, merged binary packages, a
// secret.
func shop() *result.Result {
	r := &result.Result{
		SchemaVersion: result.SchemaVersion,
		Tool:          result.Tool{Name: "layergate", Version: "v0.0.0-test"},
		Created:       date(2026, 9, 1),
		Image: result.Image{
			Name: "registry.example.com/shop/web:1.2", Source: "docker-archive", Location: "web.tar",
			ID: digest("1d"), Digest: digest("d1"), Platform: image.Platform{OS: "linux", Architecture: "amd64"},
		},
		Distro: &image.Distro{ID: "debian", Version: "12", Name: "Debian GNU/Linux 12 (bookworm)", EndOfLife: "2026-06-10"},
		Database: result.Database{
			Location: "embedded", Digest: digest("db"), Built: date(2026, 8, 25), Newest: date(2026, 8, 22),
			Sources: []result.Source{
				{Name: "Debian", Date: date(2023, 7, 14), Records: 27962},
				{Name: "GHSA", Date: date(2026, 8, 22), Records: 598, Partial: true, Licence: "CC-BY-4.0"},
			},
		},
		Policy: result.Policy{Location: "embedded", Digest: digest("b0"), Rule: "default"},
		Layers: []result.Layer{
			{Index: 0, Instruction: "ADD file:" + digest("f1")[len("sha256:"):] + " in /", Origin: image.OriginBase, DiffID: digest("aa"), Digest: digest("a0"), Size: 29_150_000, Packages: 90},
			{Index: 1, Instruction: `CMD ["bash"]`, Origin: image.OriginBase, Empty: true},
			{Index: 2, Instruction: "RUN apt-get update && apt-get install --yes --no-install-recommends openjdk-17-jre-headless ca-certificates curl && rm -rf /var/lib/apt/lists/*", Origin: image.OriginApp, DiffID: digest("bb"), Digest: digest("b0"), Size: 182_400_000, Packages: 31},
			{Index: 3, Instruction: "COPY target/shop.jar /srv/shop.jar", Origin: image.OriginApp, DiffID: digest("cc"), Digest: digest("c0"), Size: 12_300_000, Packages: 2,
				Dockerfile: &result.Place{Path: "web/Dockerfile", Line: 7, EndLine: 7}},
			{Index: 4, Instruction: "USER shop", Origin: image.OriginApp, Empty: true},
			{Index: 5, Instruction: "COPY config/ /etc/shop/", Origin: image.OriginApp, DiffID: digest("ee"), Digest: digest("e0"), Size: 812},
		},
		Incomplete: []finding.Gap{},
		Verdict: result.Verdict{Action: finding.Block, ExitCode: 2, Reasons: []string{
			"2 critical vulnerabilities block (rule default)",
			"1 secret blocks (rule default)",
		}},
	}
	log4j := finding.Package{Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1", Type: "maven", FirstLayer: 3}
	zlib := finding.Package{Name: "zlib1g", Version: "1:1.2.13.dfsg-1", Type: "deb", Source: "zlib"}
	glibc := func(name string) finding.Package {
		return finding.Package{Name: name, Version: "2.36-9+deb12u1", Type: "deb", Source: "glibc"}
	}
	curl := finding.Package{Name: "curl", Version: "7.88.1-10", Type: "deb", FirstLayer: 0}
	jar := "srv/shop.jar/BOOT-INF/lib/log4j-core-2.14.1.jar"
	r.Findings = []finding.Finding{
		vuln(glibc("libc6"), 0, "CVE-2023-4911", finding.High, "2.36-9+deb12u3", finding.Alert, "high, in the base image: the rule alerts on high findings there", ""),
		vuln(glibc("libc-bin"), 0, "CVE-2023-4911", finding.High, "2.36-9+deb12u3", finding.Alert, "high, in the base image: the rule alerts on high findings there", ""),
		vuln(glibc("libc6"), 0, "CVE-2010-4756", finding.Negligible, "", finding.Ignore, "negligible: the rule ignores negligible vulnerabilities", ""),
		vuln(glibc("libc-bin"), 0, "CVE-2010-4756", finding.Negligible, "", finding.Ignore, "negligible: the rule ignores negligible vulnerabilities", ""),
		vuln(zlib, 0, "CVE-2023-45853", finding.Critical, "", finding.Alert, "critical, but the vendor will not fix it: only-fixed turns block into alert", ""),
		vuln(curl, 2, "CVE-2023-28319", finding.High, "7.88.1-10+deb12u1", finding.Ignore, "exception by payments until 2027-01-01: not reachable", ""),
		vuln(log4j, 3, "CVE-2021-44228", finding.Critical, "2.15.0", finding.Block, "critical and fixed in 2.15.0: the rule blocks critical vulnerabilities", jar),
		vuln(log4j, 3, "CVE-2021-45046", finding.Critical, "2.16.0", finding.Block, "critical and fixed in 2.16.0: the rule blocks critical vulnerabilities", jar),
		vuln(log4j, 3, "CVE-2021-45105", finding.Medium, "2.17.0", finding.Alert, "medium: the rule alerts on medium vulnerabilities", jar),
		{Kind: finding.Secret, ID: "aws-access-key", Severity: finding.High, Path: "etc/shop/.env", Layer: 5,
			Verdict: finding.Verdict{Action: finding.Block, Rule: "default", Reason: "high: the rule blocks all secrets"}},
	}
	r.Findings[4].FixState = finding.WillNotFix
	r.Findings[5].Verdict.Rule = "exception CVE-2023-28319"
	log4shell := &r.Findings[6]
	log4shell.KnownExploited = true
	log4shell.EPSS = new(float64)
	*log4shell.EPSS = 0.94358
	log4shell.Aliases, log4shell.Advisories, log4shell.Sources = []string{"GHSA-jfh8-c2jp-5v3q"}, []string{"GHSA-jfh8-c2jp-5v3q"}, []string{"GHSA"}
	log4shell.Published, log4shell.Modified, log4shell.FixDate = date(2021, 12, 10), date(2025, 4, 3), date(2021, 12, 10)
	log4shell.SeveritySource = "CVSS 3.1"
	log4shell.Ratings = []finding.Rating{{Source: "GHSA", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Score: 10, Severity: finding.Critical}}
	r.Findings[0].SeveritySource = "Debian"
	r.Findings[0].Ratings = []finding.Rating{{Source: "Debian", Method: "distro", Severity: finding.High},
		{Source: "Debian", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", Score: 7.8, Severity: finding.High}}
	r.Packages = installed(r.Findings)
	r.Remedies = []result.Remedy{
		{Layer: 3, Kind: finding.Vulnerability, Type: "maven", Packages: []string{log4j.Name}, From: "2.14.1", To: []string{"2.16.0"},
			Paths: []string{jar}, IDs: []string{"CVE-2021-44228", "CVE-2021-45046"}, Findings: 2},
		{Layer: 5, Kind: finding.Secret, Paths: []string{"etc/shop/.env"}, IDs: []string{"aws-access-key"}, Findings: 1},
	}
	sign(r)
	return r
}

// sign gives the findings their fingerprints, and counts them.
func sign(r *result.Result) {
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Fingerprint = finding.Fingerprint(*f, r.Layers[f.Layer].Instruction)
	}
	r.Totals = result.Count(r.Findings)
}

// installed is the packages that the findings are about, and enough others.
func installed(findings []finding.Finding) []result.Package {
	var list []result.Package
	seen := make(map[string]bool)
	for _, f := range findings {
		if p := f.Package; p != nil && !seen[p.PURL+f.Path] {
			seen[p.PURL+f.Path] = true
			list = append(list, result.Package{Type: p.Type, Name: p.Name, Version: p.Version, PURL: p.PURL, Source: p.Source,
				Path: cmp.Or(f.Path, "var/lib/dpkg/status"), Layer: f.Layer, FirstLayer: p.FirstLayer})
		}
	}
	for i := len(list); i < 123; i++ {
		name := fmt.Sprintf("lib%03d", i)
		list = append(list, result.Package{Type: "deb", Name: name, Version: "1.0-1", Arch: "amd64", PURL: "pkg:deb/debian/" + name + "@1.0-1?arch=amd64&distro=debian-12",
			Path: "var/lib/dpkg/status", Layer: 2 * (i % 2), FirstLayer: 0})
	}
	return list
}

func purl(p finding.Package) string {
	name := strings.ReplaceAll(p.Name, ":", "/")
	if p.Type == "deb" {
		name = "debian/" + name
	}
	return "pkg:" + p.Type + "/" + name + "@" + url.PathEscape(p.Version)
}

func vuln(p finding.Package, layer int, id string, s finding.Severity, fix string, a finding.Action, reason, path string) finding.Finding {
	f := finding.Finding{
		Kind: finding.Vulnerability, ID: id, Severity: s, Package: &p, Layer: layer, Path: path,
		FixState: finding.NotFixed, Verdict: finding.Verdict{Action: a, Rule: "default", Reason: reason},
	}
	p.PURL = purl(p)
	if fix != "" {
		f.FixState, f.FixedIn = finding.Fixed, []string{fix}
	}
	return f
}

// clean is an image in which nothing was found.
func clean() *result.Result {
	r := shop()
	r.Findings, r.Remedies = []finding.Finding{}, nil
	r.Distro.EndOfLife = "2028-06-30"
	r.Verdict = result.Verdict{Action: finding.Pass, Reasons: []string{"nothing was found"}}
	r.Totals = result.Count(r.Findings)
	return r
}

// broken is a scan that did not get far.
func broken() *result.Result {
	r := clean()
	r.Distro = nil
	r.Packages = r.Packages[:3]
	r.Verdict = result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1, Reasons: []string{"the scan has gaps, and the rule default blocks incomplete scans"}}
	r.Incomplete = []finding.Gap{
		{Kind: finding.Unreadable, Subject: digest("c0"), Reason: "reading layer 3: unexpected end of the gzip stream after 1234 bytes; the archive is truncated, write it again", Layer: 3},
		{Kind: finding.Undecided, Subject: "pkg:maven/org.example/odd@${project.version}", Reason: "comparing versions: ${project.version} is no Maven version", Layer: 3, IDs: []string{"CVE-2020-0001", "GHSA-aaaa-bbbb-cccc"}},
	}
	for i := range 14 {
		r.Incomplete = append(r.Incomplete, finding.Gap{
			Kind: finding.Unknowable, Subject: fmt.Sprintf("pkg:hex/name%02d@1.0", i), Reason: "no advisories for the ecosystem Hex in this index", Layer: -1})
	}
	return r
}

// crowded is a base image with far too many findings.
func crowded() *result.Result {
	r := shop()
	for i := range 140 {
		p := finding.Package{Name: "linux-libc-dev", Version: "6.1.38-1", Type: "deb", Source: "linux", FirstLayer: 2}
		s, a, reason := finding.Medium, finding.Alert, "medium: the rule alerts on medium vulnerabilities"
		if i%3 == 0 {
			s, a, reason = finding.Negligible, finding.Ignore, "negligible: the rule ignores negligible vulnerabilities"
		}
		r.Findings = append(r.Findings, vuln(p, 2, fmt.Sprintf("CVE-20%02d-%d", 13+i%10, 1000+i*37), s, "", a, reason, ""))
	}
	for i := range 5 {
		p := finding.Package{Name: "minimist", Version: "1.2.0", Type: "npm", FirstLayer: 5}
		r.Findings = append(r.Findings, vuln(p, 5, "CVE-2021-44906", finding.Critical, "1.2.6", finding.Block, "critical and fixed in 1.2.6: the rule blocks critical vulnerabilities",
			fmt.Sprintf("app/node_modules/m%d/node_modules/minimist/package.json", i)))
	}
	r.Remedies = append(r.Remedies, result.Remedy{Layer: 5, Kind: finding.Vulnerability, Type: "npm", Packages: []string{"minimist"}, From: "1.2.0", To: []string{"1.2.6"},
		Paths: []string{"app/node_modules/m0/node_modules/minimist/package.json"}, IDs: []string{"CVE-2021-44906"}, Findings: 5})
	sign(r)
	return r
}
