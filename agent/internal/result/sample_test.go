package result

import (
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// sample is a result in which every field has a value. A test checks that.
func sample() *Result {
	day := time.Date(2026, 8, 21, 12, 30, 0, 0, time.UTC)
	epss := 0.94358
	r := &Result{
		SchemaVersion: SchemaVersion,
		Tool:          Tool{Name: "layergate", Version: "0.1.0"},
		Created:       day,
		Image: Image{
			Name: "shop.tar", Source: "docker-archive", Location: "/builds/shop.tar",
			ID: "sha256:11", Digest: "sha256:22", Tags: []string{"registry.example.com/shop/app:1.2"},
			Platform: image.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"},
			Created:  day, Labels: map[string]string{"tier": "prod"}, Notes: []string{"history has one entry too many"},
		},
		Distro: &image.Distro{ID: "debian", Like: []string{"gnu"}, Version: "12", Codename: "bookworm",
			Name: "Debian GNU/Linux 12 (bookworm)", Ecosystem: "Debian:12", EndOfLife: "2026-06-10"},
		Database: Database{Location: "embedded", Digest: "sha256:33", Built: day, Newest: day,
			Sources: []Source{{Name: "Debian", Date: day, Records: 27962, Partial: true, Licence: "facts"}}},
		Policy:  Policy{Location: "embedded", Digest: "sha256:44", Rule: "default"},
		Verdict: Verdict{Action: finding.Block, Incomplete: true, ExitCode: 2, Reasons: []string{"1 critical vulnerability blocked"}},
		Layers: []Layer{
			{Index: 0, Instruction: "ADD rootfs.tar /", CreatedBy: "/bin/sh -c #(nop) ADD rootfs.tar / ", Created: day,
				Origin: image.OriginBase, DiffID: "sha256:55", Digest: "sha256:66", Size: 29000000, Packages: 1},
			{Index: 1, Instruction: "COPY app.jar /srv/ # <&>", Origin: image.OriginApp, Empty: true,
				Dockerfile: &Place{Path: "web/Dockerfile", Line: 3, EndLine: 4}},
		},
		Findings: []finding.Finding{{
			Kind: finding.Vulnerability, ID: "CVE-2021-44228", Fingerprint: "9f86d081", Aliases: []string{"GHSA-jfh8-c2jp-5v3q"},
			Severity: finding.Critical, SeveritySource: "GHSA",
			Ratings: []finding.Rating{{Source: "GHSA", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
				Score: 10, Severity: finding.Critical}},
			Package: &finding.Package{Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1", Type: "maven",
				PURL: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", Source: "apache-log4j2", FirstLayer: 1, OwnedBy: "liblog4j2-java"},
			Path: "srv/app.jar", Layer: 1, FixState: finding.Fixed, FixedIn: []string{"2.15.0"}, FixDate: time.Date(2021, 12, 10, 0, 0, 0, 0, time.UTC), FixFirstSeen: true, KnownExploited: true, EPSS: &epss,
			Published: day, Modified: day, Advisories: []string{"GHSA-jfh8-c2jp-5v3q"}, Sources: []string{"Maven"},
			Verdict: finding.Verdict{Action: finding.Block, Rule: "default", Reason: "known to be exploited"},
		}},
		Incomplete: []finding.Gap{{Kind: finding.Undecided, Subject: "pkg:deb/debian/x@?", Reason: "comparing versions",
			Layer: -1, IDs: []string{"DEBIAN-CVE-2020-1"}}},
		Packages: []Package{{Type: "deb", Name: "libssl3", Version: "3.0.1-1", Arch: "arm64", PURL: "pkg:deb/debian/libssl3@3.0.1-1",
			Source: "openssl@3.0.1-1", Path: "var/lib/dpkg/status", OwnedBy: "libssl3", Layer: 1, FirstLayer: 1}},
	}
	r.Removed = []Removed{{Package: r.Packages[0], RemovedIn: 1}}
	r.Remedies = []Remedy{{Layer: 1, Kind: finding.Vulnerability, Type: "maven", Source: "apache-log4j2", Packages: []string{"org.apache.logging.log4j:log4j-core"},
		From: "2.14.1", To: []string{"2.15.0"}, Paths: []string{"srv/app.jar"}, IDs: []string{"CVE-2021-44228"}, Findings: 1}}
	r.Totals = Count(r.Findings)
	return r
}
