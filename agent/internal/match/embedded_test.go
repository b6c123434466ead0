package match

import (
	"slices"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// Well-known vulnerabilities, with the fixes that their vendors' advisories
// name, are found with the index that everybody has.
func TestEmbeddedIndex(t *testing.T) {
	index, err := store.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	for _, test := range []struct {
		ecosystem, name, affected string
		id, fixed, from           string
	}{
		{"Maven", "org.apache.logging.log4j:log4j-core", "2.14.1", "CVE-2021-44228", "2.15.0", "GHSA-jfh8-c2jp-5v3q"},
		{"Go", "golang.org/x/text", "v0.3.3", "CVE-2021-38561", "0.3.7", "GO-2021-0113"},
		{"Go", "stdlib", "1.20.4", "CVE-2023-29403", "1.20.5", "GO-2023-1840"}, // these three name no symbols
		{"Go", "toolchain", "1.21.1", "CVE-2023-39323", "1.21.2", "GO-2023-2095"},
		{"Go", "toolchain", "1.26.1", "CVE-2026-27144", "1.26.2", "GO-2026-4867"},
		{"PyPI", "urllib3", "1.26.4", "CVE-2021-33503", "1.26.5", "PYSEC-2021-108"},
		{"npm", "lodash", "4.17.4", "CVE-2018-16487", "4.17.11", "NSWG-ECO-493"},
		{"crates.io", "time", "0.2.22", "CVE-2020-26235", "0.2.23", "RUSTSEC-2020-0071"},
		{"RubyGems", "rack", "2.0.1", "CVE-2018-16471", "2.0.6", "RUBYSEC-rack-CVE-2018-16471"},
		{"Packagist", "twig/twig", "v2.6.0", "CVE-2019-9942", "2.7.0", "FOP-twig-twig-CVE-2019-9942"},
		{"Alpine:v3.18", "openssl", "3.1.0-r4", "CVE-2023-2650", "3.1.1-r0", "ALPINE-CVE-2023-2650"},
		{"Debian:11", "openssl", "1.1.1k-1", "CVE-2021-3711", "1.1.1k-1+deb11u1", "DEBIAN-CVE-2021-3711"},
		{"AlmaLinux:9", "openssl-libs", "1:3.0.1-41.el9_0", "CVE-2022-3602", "1:3.0.1-43.el9_0", "ALSA-2022:7288"},
	} {
		for version, affected := range map[string]bool{test.affected: true, test.fixed: false} {
			findings, gaps, err := Match(t.Context(), index, &inventory.Inventory{Packages: []inventory.Package{
				{Name: test.name, Version: version, Ecosystem: test.ecosystem},
			}})
			if err != nil || len(gaps) > 0 {
				t.Fatalf("%s %s: gaps %v, error %v", test.name, version, gaps, err)
			}
			i := slices.IndexFunc(findings, func(f finding.Finding) bool { return f.ID == test.id })
			if (i >= 0) != affected {
				t.Errorf("%s %s has %s: %t, want %t", test.name, version, test.id, i >= 0, affected)
				continue
			}
			if affected && (!slices.Contains(findings[i].FixedIn, test.fixed) || !slices.Contains(findings[i].Advisories, test.from)) {
				t.Errorf("%s is fixed in %q by %q, want %s by %s", test.id, findings[i].FixedIn, findings[i].Advisories, test.fixed, test.from)
			}
		}
	}
}

func TestLog4Shell(t *testing.T) {
	index, err := store.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	findings, _, err := Match(t.Context(), index, &inventory.Inventory{Packages: []inventory.Package{
		{Type: "maven", Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1", Ecosystem: "Maven"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(findings, func(f finding.Finding) bool { return f.ID == "CVE-2021-44228" })
	if i < 0 {
		t.Fatal("not found")
	}
	f := findings[i]
	if f.Severity != finding.Critical || !f.KnownExploited || f.EPSS == nil || f.FixState != finding.Fixed || f.Ratings[0].Score != 10 {
		t.Errorf("%+v", f)
	}
}
