package match

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// memory is an index of a few records.
type memory struct {
	records []advisory.Record
	facts   map[string]advisory.Facts
	covers  []string
	err     error
}

func (m memory) Lookup(ecosystem, name string) ([]advisory.Match, error) {
	var found []advisory.Match
	for i := range m.records {
		r := m.records[i]
		for _, a := range r.Affected {
			if a.Ecosystem == ecosystem && a.Package == name {
				found = append(found, advisory.Match{Record: &r, Affected: a})
			}
		}
	}
	return found, m.err
}

func (m memory) Facts(cve string) (advisory.Facts, bool, error) {
	f, ok := m.facts[cve]
	return f, ok, nil
}

func (m memory) Covers(ecosystem string) bool {
	for _, e := range m.covers {
		if e == ecosystem {
			return true
		}
	}
	for _, r := range m.records {
		for _, a := range r.Affected {
			if a.Ecosystem == ecosystem {
				return true
			}
		}
	}
	return false
}

// affects is what a record says of one package: "0 <1.2 2.0 <=2.3" is two
// ranges' events in one, "<" for fixed and "<=" for last affected; "␣" is a space.
func affects(ecosystem, name, events string) advisory.Affected {
	return advisory.Affected{Ecosystem: ecosystem, Package: name, Ranges: []advisory.Range{rangeOf(events)}}
}

func rangeOf(events string) advisory.Range {
	var r advisory.Range
	for _, e := range strings.Fields(events) {
		e = strings.ReplaceAll(e, "␣", " ")
		event := advisory.Event{Kind: advisory.Introduced, Version: e}
		if v, ok := strings.CutPrefix(e, "<="); ok {
			event = advisory.Event{Kind: advisory.LastAffected, Version: v}
		} else if v, ok := strings.CutPrefix(e, "<"); ok {
			event = advisory.Event{Kind: advisory.Fixed, Version: v}
		} else if v, ok := strings.CutPrefix(e, "limit:"); ok {
			event = advisory.Event{Kind: advisory.Limit, Version: v}
		}
		r.Events = append(r.Events, event)
	}
	return r
}

func run(t *testing.T, idx memory, packages ...inventory.Package) ([]finding.Finding, []finding.Gap) {
	t.Helper()
	findings, gaps, err := Match(t.Context(), idx, &inventory.Inventory{Distro: &image.Distro{ID: "debian", Name: "Debian 12"}, Packages: packages})
	if err != nil {
		t.Fatal(err)
	}
	return findings, gaps
}

func ids(findings []finding.Finding) []string {
	var list []string
	for _, f := range findings {
		list = append(list, f.ID)
	}
	return list
}

func TestMatchBySourcePackage(t *testing.T) {
	idx := memory{
		records: []advisory.Record{{ID: "DEBIAN-CVE-2023-0464", Aliases: []string{"CVE-2023-0464"}, Feed: "Debian",
			Affected: []advisory.Affected{affects("Debian:12", "openssl", "0 <3.0.9-1"), affects("Debian:11", "openssl", "0")}}},
		facts: map[string]advisory.Facts{"CVE-2023-0464": {KnownExploited: true, EPSS: 0.5, HasEPSS: true}},
	}
	p := inventory.Package{Type: "deb", Name: "libssl3", Version: "3.0.8-1+b1", SourceName: "openssl", SourceVer: "3.0.8-1",
		Ecosystem: "Debian:12", Distro: true, PURL: "pkg:deb/debian/libssl3@3.0.8-1%2Bb1", Path: "var/lib/dpkg/status", Layer: 3, FirstLayer: 1}
	findings, gaps := run(t, idx, p)
	epss := 0.5
	want := []finding.Finding{{
		Kind: finding.Vulnerability, ID: "CVE-2023-0464", Aliases: []string{"DEBIAN-CVE-2023-0464"},
		Package: &finding.Package{Name: "libssl3", Version: "3.0.8-1+b1", Type: "deb", PURL: p.PURL, Source: "openssl", FirstLayer: 1},
		Path:    p.Path, Layer: 3, FixState: finding.Fixed, FixedIn: []string{"3.0.9-1"},
		KnownExploited: true, EPSS: &epss, Advisories: []string{"DEBIAN-CVE-2023-0464"}, Sources: []string{"Debian"},
	}}
	if diff := cmp.Diff(want, findings); diff != "" {
		t.Error(diff)
	}
	if len(gaps) > 0 {
		t.Errorf("gaps: %v", gaps)
	}
	p.SourceVer, p.OwnedBy = "3.0.9-1", ""
	if findings, _ := run(t, idx, p); len(findings) > 0 {
		t.Errorf("the fixed version is affected: %v", ids(findings))
	}
	p.SourceVer, p.OwnedBy = "3.0.8-1", "other"
	if findings, _ := run(t, idx, p); len(findings) > 0 {
		t.Errorf("an owned package was matched: %v", ids(findings))
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		what string
		p    inventory.Package
		want named
	}{
		{"a source without a version has its binary's", inventory.Package{Ecosystem: "Alpine:v3.20", Name: "ssl_client", Version: "1.36.1-r29", SourceName: "busybox"}, named{"busybox", "1.36.1-r29"}},
		{"no source", inventory.Package{Ecosystem: "Debian:12", Name: "zlib", Version: "1"}, named{"zlib", "1"}},
		{"errata name binaries", inventory.Package{Ecosystem: "AlmaLinux:9", Name: "openssl-libs", Version: "1:3.0.7-1.el9", SourceName: "openssl", SourceVer: "3.0.7-1.el9"}, named{"openssl-libs", "1:3.0.7-1.el9"}},
		{"an rpm's source has its binary's epoch", inventory.Package{Ecosystem: "Azure Linux:3", Name: "vim-minimal", Version: "2:9.0-1.azl3", SourceName: "vim", SourceVer: "9.0-1.azl3"}, named{"vim", "2:9.0-1.azl3"}},
		{"a signed kernel is known by what was signed", inventory.Package{Type: "deb", Ecosystem: "Debian:12", Name: "linux-image-6.1.0-18-amd64", Version: "6.1.76-1", SourceName: "linux-signed-amd64", SourceVer: "6.1.76+1"}, named{"linux", "6.1.76-1"}},
		{"also a backported one", inventory.Package{Type: "deb", Ecosystem: "Debian:11", Name: "linux-image-6.1.0-0.deb11.17-arm64", Version: "6.1.69-1~bpo11+1", SourceName: "linux-signed-6.1-arm64", SourceVer: "6.1.69+1~bpo11+1"}, named{"linux-6.1", "6.1.69-1~bpo11+1"}},
		{"Ubuntu's flavours are sources of their own", inventory.Package{Type: "deb", Ecosystem: "Ubuntu:22.04", Name: "linux-image-5.15.0-1051-aws", Version: "5.15.0-1051.56", SourceName: "linux-signed-aws", SourceVer: "5.15.0-1051.56"}, named{"linux-aws", "5.15.0-1051.56"}},
		{"and the common one", inventory.Package{Type: "deb", Ecosystem: "Ubuntu:22.04", Name: "linux-image-5.15.0-91-generic", Version: "5.15.0-91.101", SourceName: "linux-signed", SourceVer: "5.15.0-91.101"}, named{"linux", "5.15.0-91.101"}},
		{"unless the versions differ", inventory.Package{Ecosystem: "Azure Linux:3", Name: "perl-IO", Version: "0:1.38-1.azl3", SourceName: "perl", SourceVer: "5.38-1.azl3"}, named{"perl", "5.38-1.azl3"}},
	} {
		eco, ok := ecosystemOf(test.p.Ecosystem)
		if got := eco.name(&test.p); !ok || got != test.want {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
}

func TestUndecidedIsAGap(t *testing.T) {
	idx := memory{records: []advisory.Record{
		{ID: "GHSA-a", Aliases: []string{"CVE-2020-1"}, Affected: []advisory.Affected{affects("npm", "x", "0 <1.0.0")}},
		{ID: "GHSA-b", Affected: []advisory.Affected{affects("npm", "x", "1.0.0 <2.0.0")}},
		{ID: "GHSA-c", Aliases: []string{"CVE-2020-3"}, Affected: []advisory.Affected{affects("npm", "x", "0")}},
	}}
	for _, version := range []string{"", "latest", "github:a/b#64e00e7"} {
		findings, gaps := run(t, idx, inventory.Package{Type: "npm", Name: "x", Version: version, Ecosystem: "npm", PURL: "pkg:npm/x", Layer: 2})
		if diff := cmp.Diff([]string{"CVE-2020-3"}, ids(findings)); diff != "" { // of every version
			t.Errorf("%q: %s", version, diff)
		}
		if len(gaps) != 1 || gaps[0].Kind != finding.Undecided || gaps[0].Subject != "pkg:npm/x" || gaps[0].Layer != 2 {
			t.Fatalf("%q: gaps %+v", version, gaps)
		}
		if diff := cmp.Diff([]string{"CVE-2020-1", "GHSA-b"}, gaps[0].IDs); diff != "" {
			t.Errorf("%q: %s", version, diff)
		}
	}
	if _, gaps := run(t, idx, inventory.Package{Type: "npm", Name: "y", Ecosystem: "npm"}); len(gaps) > 0 {
		t.Errorf("a gap without an advisory: %v", gaps)
	}
}

func TestGoWorkingCopyIsNoGap(t *testing.T) {
	idx := memory{records: []advisory.Record{{ID: "GO-1", Affected: []advisory.Affected{affects("Go", "example.org/m", "0 <1.0.0")}}}}
	for _, version := range []string{"", "(devel)"} {
		findings, gaps := run(t, idx, inventory.Package{Type: "golang", Name: "example.org/m", Version: version, Ecosystem: "Go"})
		if len(findings)+len(gaps) > 0 {
			t.Errorf("%q: %v, %v", version, findings, gaps)
		}
	}
}

func TestUnknownEcosystemsAreOneGapEach(t *testing.T) {
	packages := []inventory.Package{
		{Type: "deb", Name: "a", Version: "1", Distro: true, Ecosystem: "Debian:13"},
		{Type: "deb", Name: "b", Version: "1", Distro: true, Ecosystem: "Debian:13"},
		{Type: "hex", Name: "c", Version: "1", Ecosystem: "Pub"},
		{Type: "conan", Name: "d", Version: "1"},
		{Type: "npm", Name: "e", Version: "1", Ecosystem: "npm"},
		{Type: "npm", Name: "f", Version: "1", Ecosystem: "npm", OwnedBy: "a"},
	}
	for _, test := range []struct {
		distro    *image.Distro
		ecosystem string
		subject   string
	}{
		{&image.Distro{Name: "Debian 13"}, "Debian:13", "Debian:13"},
		{&image.Distro{Name: "Homebrewed 1"}, "", "Homebrewed 1"},
		{nil, "", "etc/os-release"},
	} {
		packages[0].Ecosystem, packages[1].Ecosystem = test.ecosystem, test.ecosystem
		_, gaps, err := Match(t.Context(), memory{covers: []string{"npm", "Pub"}}, &inventory.Inventory{Distro: test.distro, Packages: packages})
		if err != nil {
			t.Fatal(err)
		}
		var subjects []string
		for _, g := range gaps {
			if g.Kind != finding.Unknowable || g.Layer != -1 {
				t.Errorf("gap %+v", g)
			}
			subjects = append(subjects, g.Subject)
		}
		// Hex has advisories and no order here, conan neither.
		if diff := cmp.Diff([]string{test.subject, "Pub", "conan"}, subjects); diff != "" {
			t.Error(diff)
		}
		if !strings.Contains(gaps[0].Reason, "2 distro packages") {
			t.Errorf("reason %q does not say how many", gaps[0].Reason)
		}
	}
}

func TestErrors(t *testing.T) {
	inv := &inventory.Inventory{Packages: []inventory.Package{{Type: "npm", Name: "x", Version: "1", Ecosystem: "npm"}}}
	broken := errors.New("broken index")
	if _, _, err := Match(t.Context(), memory{covers: []string{"npm"}, err: broken}, inv); !errors.Is(err, broken) {
		t.Errorf("error %v, want the index's", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Match(ctx, memory{}, inv); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want canceled", err)
	}
}

func TestModules(t *testing.T) {
	const el8 = ".module_el8.9.0+3733+996ef23f"
	idx := memory{records: []advisory.Record{
		{ID: "ALSA-18", Upstream: []string{"CVE-18"}, Affected: []advisory.Affected{affects("AlmaLinux:8", "nodejs", "0 <1:18.20.4-1"+el8), affects("AlmaLinux:8", "npm", "0 <1:10.7.0-1.18.20.4.1"+el8)}},
		{ID: "ALSA-20", Upstream: []string{"CVE-20"}, Affected: []advisory.Affected{affects("AlmaLinux:8", "nodejs", "0 <1:20.16.0-1"+el8), affects("AlmaLinux:8", "npm", "0 <1:10.8.1-1.20.16.0.1"+el8)}},
		{ID: "ALSA-plain", Upstream: []string{"CVE-plain"}, Affected: []advisory.Affected{affects("AlmaLinux:8", "nodejs", "0 <1:99-1.el8")}},
	}}
	module := "nodejs:18:8090020240101:a75119d5"
	node := inventory.Package{Type: "rpm", Name: "nodejs", Version: "1:18.19.0-1" + el8, Module: module, Ecosystem: "AlmaLinux:8", Distro: true}
	npm := inventory.Package{Type: "rpm", Name: "npm", Version: "1:10.2.3-1.18.19.0.1" + el8, Module: module, Ecosystem: "AlmaLinux:8", Distro: true}
	plain := inventory.Package{Type: "rpm", Name: "nodejs", Version: "1:10.0.0-1.el8", Ecosystem: "AlmaLinux:8", Distro: true, Path: "z"}
	findings, _ := run(t, idx, npm, node, plain)
	var got []string
	for _, f := range findings {
		got = append(got, f.Package.Name+" "+f.Package.Version[:4]+" "+f.ID)
	}
	if diff := cmp.Diff([]string{"nodejs 1:10 CVE-plain", "nodejs 1:18 CVE-18", "npm 1:10 CVE-18"}, got); diff != "" {
		t.Error(diff)
	}
}

// A publisher that names the module's stream is believed: of two streams with
// versions that could be compared, only the installed one counts.
func TestNamedModules(t *testing.T) {
	stream := func(module, events string) advisory.Affected {
		a := affects("Red Hat:8", "nodejs", events)
		a.Module = module
		return a
	}
	idx := memory{records: []advisory.Record{
		{ID: "REDHAT-CVE-2024-1", Aliases: []string{"CVE-2024-1"}, Affected: []advisory.Affected{
			stream("nodejs:18", "0 <1:18.20.4-1.module+el8.10.0+1+2"), stream("nodejs:20", "0 <1:20.16.0-1.module+el8.10.0+1+2"),
		}},
		{ID: "REDHAT-CVE-2024-2", Aliases: []string{"CVE-2024-2"}, Affected: []advisory.Affected{stream("nodejs:1", "0")}},
		{ID: "REDHAT-CVE-2024-3", Aliases: []string{"CVE-2024-3"}, Affected: []advisory.Affected{stream("", "0")}},
	}}
	for _, test := range []struct {
		version, module string
		want            []string
	}{
		{"1:18.19.0-1.module+el8.9.0+1+2", "nodejs:18:8090020240101:a75119d5", []string{"CVE-2024-1"}},
		{"1:18.20.4-1.module+el8.10.0+1+2", "nodejs:18:8100020240101:a75119d5", nil},
		{"1:20.11.0-1.module+el8.9.0+1+2", "nodejs:20", []string{"CVE-2024-1"}},
		{"1:10.0.0-1.el8", "", []string{"CVE-2024-3"}},
		// It is of some module that it does not name: every stream may be meant.
		{"1:20.16.0-1.module+el8.10.0+1+2", "", []string{"CVE-2024-2"}},
	} {
		p := inventory.Package{Type: "rpm", Name: "nodejs", Version: test.version, Module: test.module, Ecosystem: "Red Hat:8", Distro: true}
		findings, _ := run(t, idx, p)
		if diff := cmp.Diff(test.want, ids(findings)); diff != "" {
			t.Errorf("%s of %q: %s", test.version, test.module, diff)
		}
	}
}

// Red Hat names binary packages, or only the source of all of them. A record
// that speaks of the binary is not asked what it says of the source.
func TestSourceOrBinary(t *testing.T) {
	idx := memory{records: []advisory.Record{
		{ID: "REDHAT-CVE-2024-1", Aliases: []string{"CVE-2024-1"}, Affected: []advisory.Affected{affects("Red Hat:9", "glibc", "0")}},
		{ID: "REDHAT-CVE-2024-2", Aliases: []string{"CVE-2024-2"}, Affected: []advisory.Affected{
			affects("Red Hat:9", "glibc", "0 <2.34-100.el9"), affects("Red Hat:9", "glibc-common", "0 <2.34-60.el9"),
		}},
	}}
	p := inventory.Package{Type: "rpm", Name: "glibc-common", Version: "2.34-83.el9", SourceName: "glibc", SourceVer: "2.34-83.el9", Ecosystem: "Red Hat:9", Distro: true}
	findings, _ := run(t, idx, p)
	if diff := cmp.Diff([]string{"CVE-2024-1"}, ids(findings)); diff != "" {
		t.Error(diff)
	}
	p.Ecosystem = "AlmaLinux:9"
	if findings, _ := run(t, idx, p); len(findings) > 0 {
		t.Errorf("AlmaLinux names binaries: %v", ids(findings))
	}
}

// Oracle's Ksplice and FIPS builds have versions that say nothing about the
// common ones.
func TestOracleLines(t *testing.T) {
	idx := memory{records: []advisory.Record{
		{ID: "ELSA-plain", Upstream: []string{"CVE-plain"}, Affected: []advisory.Affected{affects("Oracle Linux:9", "glibc", "0 <2.34-60.0.3.el9")}},
		{ID: "ELSA-ksplice", Upstream: []string{"CVE-ksplice"}, Affected: []advisory.Affected{affects("Oracle Linux:9", "glibc", "0 <2:2.34-60.0.3.ksplice1.el9")}},
		{ID: "ELSA-fips", Upstream: []string{"CVE-fips"}, Affected: []advisory.Affected{affects("Oracle Linux:9", "glibc", "0 <10:2.34-60.0.3.el9_fips")}},
	}}
	for version, want := range map[string]string{
		"2.34-28.0.1.el9":            "CVE-plain",
		"2:2.34-28.0.1.ksplice1.el9": "CVE-ksplice",
		"10:2.34-28.0.1.el9_fips":    "CVE-fips",
	} {
		p := inventory.Package{Type: "rpm", Name: "glibc", Version: version, Ecosystem: "Oracle Linux:9", Distro: true}
		findings, _ := run(t, idx, p)
		if diff := cmp.Diff([]string{want}, ids(findings)); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}

// Ubuntu Pro's builds are fixed by what Pro's releases say; what only the
// plain release speaks of holds for them too.
func TestUbuntuPro(t *testing.T) {
	idx := memory{records: []advisory.Record{
		{ID: "UBUNTU-CVE-2023-1", Aliases: []string{"CVE-2023-1"}, Affected: []advisory.Affected{
			affects("Ubuntu:16.04", "curl", "0"), affects("Ubuntu:Pro:16.04", "curl", "0 <7.47.0-1ubuntu2.19+esm8"),
		}},
		{ID: "UBUNTU-CVE-2023-2", Aliases: []string{"CVE-2023-2"}, Affected: []advisory.Affected{affects("Ubuntu:16.04", "curl", "0")}},
	}}
	for version, want := range map[string][]string{
		"7.47.0-1ubuntu2.19":      {"CVE-2023-1", "CVE-2023-2"},
		"7.47.0-1ubuntu2.19+esm7": {"CVE-2023-1", "CVE-2023-2"},
		"7.47.0-1ubuntu2.19+esm8": {"CVE-2023-2"},
	} {
		p := inventory.Package{Type: "deb", Name: "curl", Version: version, Ecosystem: "Ubuntu:16.04", Distro: true}
		findings, _ := run(t, idx, p)
		if diff := cmp.Diff(want, ids(findings)); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
		if fixed := findings[0].FixState == finding.Fixed; fixed != strings.HasSuffix(version, "esm7") {
			t.Errorf("%s: %s is %s", version, findings[0].ID, findings[0].FixState)
		}
	}
}

func TestSUSEModulesOfAllServicePacks(t *testing.T) {
	idx := memory{records: []advisory.Record{
		{ID: "SUSE-SU-1", Aliases: []string{"CVE-1"}, Affected: []advisory.Affected{affects("SUSE:Linux Enterprise Server 12", "php74", "0 <7.4.33-1.65.1")}},
		{ID: "SUSE-SU-2", Aliases: []string{"CVE-2"}, Affected: []advisory.Affected{affects("SUSE:Linux Enterprise Server 12 SP5", "php74", "0 <7.4.33-1.70.1")}},
	}}
	p := inventory.Package{Type: "rpm", Name: "php74", Version: "7.4.33-1.60.1", Ecosystem: "SUSE:Linux Enterprise Server 12 SP5", Distro: true}
	findings, _ := run(t, idx, p)
	if diff := cmp.Diff([]string{"CVE-1", "CVE-2"}, ids(findings)); diff != "" {
		t.Error(diff)
	}
}

func TestFixDate(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	dated := func(d int, seen bool) advisory.Affected {
		a := affects("npm", "x", "0 <2.0.0 3.0.0 <3.1.0")
		a.FixDates = []advisory.FixDate{{Version: "2.0.0", Day: day(d), FirstSeen: seen}, {Version: "3.1.0", Day: day(1)}}
		return a
	}
	for _, test := range []struct {
		what string
		said []advisory.Affected
		want time.Time
		seen bool
	}{
		{"nobody says", []advisory.Affected{affects("npm", "x", "0 <2.0.0")}, time.Time{}, false},
		{"a publisher", []advisory.Affected{dated(9, false)}, day(9), false},
		{"first seen", []advisory.Affected{dated(9, true)}, day(9), true},
		{"a publisher before what was seen", []advisory.Affected{dated(5, true), dated(9, false), dated(6, true)}, day(9), false},
		{"the earlier publisher", []advisory.Affected{dated(9, false), dated(7, false)}, day(7), false},
	} {
		var idx memory
		for i, a := range test.said {
			idx.records = append(idx.records, advisory.Record{ID: "R" + string(rune('0'+i)), Aliases: []string{"CVE-2026-1"}, Affected: []advisory.Affected{a}})
		}
		findings, _ := run(t, idx, inventory.Package{Type: "npm", Name: "x", Version: "1.0.0", Ecosystem: "npm"})
		if len(findings) != 1 || !findings[0].FixDate.Equal(test.want) || findings[0].FixFirstSeen != test.seen {
			t.Errorf("%s: %+v", test.what, findings)
		}
	}
}
