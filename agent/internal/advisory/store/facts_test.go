package store

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// TestEmbeddedFacts checks the embedded index against what its sources say of
// well-known vulnerabilities. The values were read from the sources' files.
func TestEmbeddedFacts(t *testing.T) {
	x := embedded(t)
	one := func(ecosystem, name, id string) []advisory.Match {
		t.Helper()
		found, err := x.Lookup(ecosystem, name)
		if err != nil {
			t.Fatal(err)
		}
		found = slices.DeleteFunc(found, func(m advisory.Match) bool { return m.Record.ID != id })
		if len(found) == 0 {
			t.Fatalf("%s: %s has no %s", ecosystem, name, id)
		}
		return found
	}
	check := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", what, diff)
		}
	}
	between := func(kind advisory.RangeType, from, to string) advisory.Range {
		return advisory.Range{Type: kind, Events: []advisory.Event{{Kind: advisory.Introduced, Version: from}, {Kind: advisory.Fixed, Version: to}}}
	}

	log4shell := one("Maven", "org.apache.logging.log4j:log4j-core", "GHSA-jfh8-c2jp-5v3q")
	var ranges []advisory.Range
	for _, m := range log4shell {
		ranges = append(ranges, m.Affected.Ranges...)
	}
	slices.SortFunc(ranges, func(a, b advisory.Range) int { return natural(a.Events[1].Version, b.Events[1].Version) })
	check("Log4Shell's ranges", ranges, []advisory.Range{
		between(advisory.Ecosystem, "2.0-beta9", "2.3.1"),
		between(advisory.Ecosystem, "2.4", "2.12.2"),
		between(advisory.Ecosystem, "2.13.0", "2.15.0"),
	})
	check("Log4Shell's record", *log4shell[0].Record, advisory.Record{
		ID: "GHSA-jfh8-c2jp-5v3q", Aliases: []string{"CVE-2021-44228"}, Feed: "Maven",
		Published: time.Date(2021, 12, 10, 0, 0, 0, 0, time.UTC), Modified: time.Date(2022, 3, 25, 0, 0, 0, 0, time.UTC),
		Severities: []advisory.Severity{
			{Source: "GHSA", Method: "CVSS_V3", Score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"},
			{Source: "GHSA", Method: "distro", Score: "critical"},
		},
	})
	facts, ok, err := x.Facts("CVE-2021-44228")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	check("Log4Shell in CISA's catalogue", facts.KnownExploited, true)
	check("Log4Shell in CISA's catalogue since", facts.KEVAdded, time.Date(2021, 12, 10, 0, 0, 0, 0, time.UTC))
	check("Log4Shell's EPSS", facts.EPSS, 0.99999)

	openssl := one("Debian:11", "openssl", "DEBIAN-CVE-2021-3711")
	check("openssl's fix in Debian 11", openssl[0].Affected, advisory.Affected{
		Ecosystem: "Debian:11", Package: "openssl", Ranges: []advisory.Range{between(advisory.Ecosystem, "0", "1.1.1k-1+deb11u1")},
	})
	check("openssl's fix in Debian 10", one("Debian:10", "openssl", "DEBIAN-CVE-2021-3711")[0].Affected.Ranges,
		[]advisory.Range{between(advisory.Ecosystem, "0", "1.1.1d-0+deb10u7")})
	check("aliases", openssl[0].Record.Aliases, []string{"CVE-2021-3711"})

	goes := one("Go", "stdlib", "GO-2024-2598")
	check("Go's standard library", goes[0].Affected.Ranges, []advisory.Range{{Type: advisory.SemVer, Events: []advisory.Event{
		{Kind: advisory.Introduced, Version: "0"}, {Kind: advisory.Fixed, Version: "1.21.8"},
		{Kind: advisory.Introduced, Version: "1.22.0-0"}, {Kind: advisory.Fixed, Version: "1.22.1"}}}})

	alma := one("AlmaLinux:9", "openssl", "ALSA-2022:7288")
	check("an erratum's vulnerabilities", alma[0].Record.Upstream, []string{"CVE-2022-3602", "CVE-2022-3786"})
	check("an erratum's severity", alma[0].Record.Severities, []advisory.Severity{{Source: "AlmaLinux", Method: "distro", Score: "important"}})

	check("edge comes from the newer files", one("Alpine:edge", "7zip", "ALPINE-CVE-2026-48092")[0].Affected.Ranges,
		[]advisory.Range{between(advisory.Ecosystem, "0", "26.01-r0")})
	one("PyPI", "Beaker", "PYSEC-2012-1") // published as "beaker"
	one("PyPI", "cipherbcrypt", "PYSEC-2024-55")

	// Debian gives no severity for this one; Bitnami's vector for the CVE helps.
	facts, _, err = x.Facts("CVE-2021-3711")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("CVE-2021-3711: %v", facts.Severities)
}

// TestEmbeddedCovers checks what the embedded index claims to know.
func TestEmbeddedCovers(t *testing.T) {
	x := embedded(t)
	for ecosystem, want := range map[string]bool{
		"Debian:7": true, "Debian:12": true, "Debian:13": false, "Debian": false,
		"Alpine:v3.2": true, "Alpine:v3.21": true, "Alpine:v3.22": false, "Alpine:edge": true,
		"AlmaLinux:8": true, "AlmaLinux:10": true, "Azure Linux:3": true,
		"npm": true, "PyPI": true, "Maven": true, "Go": true, "crates.io": true, "RubyGems": true, "Packagist": true, "NuGet": true, "Bitnami": true,
		"Ubuntu:22.04": false, "Rocky Linux:9": false, // may not be passed on
		"SwiftURL": false, // one stray record in Maven's archive
		"Hex":      false, "": false,
	} {
		if got := x.Covers(ecosystem); got != want {
			t.Errorf("Covers(%q) = %v", ecosystem, got)
		}
	}
	if m, err := x.Lookup("Debian:13", "openssl"); len(m) > 0 || err != nil {
		t.Errorf("Debian 13 has %d matches, %v", len(m), err)
	}
	if m, err := x.Lookup("npm", "no such package"); len(m) > 0 || err != nil {
		t.Errorf("no such package has %d matches, %v", len(m), err)
	}
	if _, ok, err := x.Facts("GHSA-jfh8-c2jp-5v3q"); ok || err != nil {
		t.Errorf("facts of a GHSA: %v, %v", ok, err)
	}
}

func TestKey(t *testing.T) {
	for _, test := range []struct{ ecosystem, name, base, release, folded string }{
		{"PyPI", "Zope.Interface__x", "PyPI", "", "zope-interface-x"},
		{"PyPI", "-a-", "PyPI", "", "-a-"},
		{"NuGet", "Newtonsoft.Json", "NuGet", "", "newtonsoft.json"},
		{"Packagist", "Symfony/HTTP-kernel", "Packagist", "", "symfony/http-kernel"},
		{"npm", "JSONStream", "npm", "", "JSONStream"},
		{"Go", "github.com/BurntSushi/toml", "Go", "", "github.com/BurntSushi/toml"},
		{"Maven", "g:a", "Maven", "", "g:a"},
		{"Maven:https://repo.example.org/", "g:a", "Maven", "", "g:a"},
		{"Debian:12", "openssl", "Debian", "12", "openssl"},
		{"Ubuntu:22.04:LTS", "openssl", "Ubuntu", "22.04", "openssl"},
		{"Ubuntu:22.04", "openssl", "Ubuntu", "22.04", "openssl"},
		{"Ubuntu:Pro:16.04:LTS", "openssl", "Ubuntu", "Pro:16.04", "openssl"},
		{"Alpine:v3.20", "openssl", "Alpine", "v3.20", "openssl"},
		{"Red Hat:enterprise_linux:9::baseos", "openssl", "Red Hat", "9", "openssl"},
		{"Red Hat:enterprise_linux:10.0", "openssl", "Red Hat", "10", "openssl"},
		{"Red Hat:8", "openssl", "Red Hat", "8", "openssl"},
		{"Red Hat:rhel_eus:8.6::appstream", "openssl", "Red Hat", "rhel_eus:8.6::appstream", "openssl"},
		{"SUSE:Linux Enterprise Server 15 SP5", "vim", "SUSE", "15 SP5", "vim"},
		{"SUSE:Linux Enterprise Server 15 SP5-LTSS", "vim", "SUSE", "15 SP5", "vim"},
		{"SUSE:Linux Enterprise Server for SAP Applications 12 SP5", "vim", "SUSE", "12 SP5", "vim"},
		{"SUSE:Linux Enterprise Module for Web and Scripting 12", "php74", "SUSE", "12", "php74"},
		{"SUSE:Linux Enterprise Micro 5.3", "vim", "SUSE", "Linux Enterprise Micro 5.3", "vim"},
		{"SUSE:Manager Server 4.3", "vim", "SUSE", "Manager Server 4.3", "vim"},
		{"openSUSE:Leap 15.6", "vim", "openSUSE", "Leap 15.6", "vim"},
	} {
		base, release, folded := Key(test.ecosystem, test.name)
		if got := [3]string{base, release, folded}; got != [3]string{test.base, test.release, test.folded} {
			t.Errorf("Key(%q, %q) = %q", test.ecosystem, test.name, got)
		}
	}
}
