package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
)

func TestPackageAt(t *testing.T) {
	for what, want := range map[string][2]string{
		"openssl@Debian:12":                         {"openssl", "Debian:12"},
		"@babel/traverse@npm":                       {"@babel/traverse", "npm"},
		"org.apache.logging.log4j:log4j-core@Maven": {"org.apache.logging.log4j:log4j-core", "Maven"},
		"vim@SUSE:Linux Enterprise Server 15 SP5":   {"vim", "SUSE:Linux Enterprise Server 15 SP5"},
		"CVE-2021-44228":                            {},
		"@babel/traverse":                           {},
		"@":                                         {},
		"lodash@":                                   {"lodash", ""},
	} {
		name, ecosystem, ok := packageAt(what)
		if got := [2]string{name, ecosystem}; got != want || ok != (want[0] != "") {
			t.Errorf("%s: %q %v, want %q", what, got, ok, want)
		}
	}
}

func TestIDShape(t *testing.T) {
	for id, want := range map[string]bool{
		"CVE-2021-44228": true, "cve-2021-44228": true, "GHSA-jfh8-c2jp-5v3q": true, "ALSA-2022:7288": true, "PYSEC-2021-108": true,
		"x_FOP-twig-twig-CVE-2019-9942": true, "SUSE-SU-2024:0001-1": true, "TEMP-0000000-4DA0A8": true, "NSWG-ECO-368": true,
		"openssl": false, "": false, "log4j-core": false, "2021-44228": false, "@babel/traverse": false, "CVE": false,
	} {
		if got := idShape.MatchString(id); got != want {
			t.Errorf("%q: %v, want %v", id, got, want)
		}
	}
}

// TestSaidWords: the day of a fix, in words.
func TestSaidWords(t *testing.T) {
	a := advisory.Affected{Ecosystem: "npm", FixDates: []advisory.FixDate{
		{Version: "1.2.0", Day: time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)},
		{Version: "2.0.1", Day: time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC), FirstSeen: true},
	}}
	span := func(from, before string) shownSpan {
		s := shownSpan{From: from, Before: before}
		if before != "" {
			s.Fix = fixOf(&a, before)
		}
		return s
	}
	for _, test := range []struct {
		said said
		want [][2]string
	}{
		{said{FixState: finding.Fixed, Affects: []shownSpan{span("", "1.2.0"), span("2.0.0", "2.0.1"), span("3.0.0", "3.1.0"), {From: "4.0.0"}}}, [][2]string{
			{"before 1.2.0", "1.2.0 (2024-05-01)"}, {"from 2.0.0 before 2.0.1", "2.0.1 (first seen 2024-06-01)"},
			{"from 3.0.0 before 3.1.0", "3.1.0"}, {"from 4.0.0 on", "-"}}},
		{said{FixState: finding.WillNotFix, Affects: []shownSpan{{}}}, [][2]string{{"every version", "will not be fixed"}}},
		{said{FixState: finding.NotFixed, Affects: []shownSpan{{From: "1"}}}, [][2]string{{"from 1 on", "not fixed"}}},
		{said{FixState: finding.FixUnknown, Affects: []shownSpan{{UpTo: "2"}, {From: "1", UpTo: "2"}}}, [][2]string{{"up to 2", "unknown"}, {"from 1 up to 2", "unknown"}}},
		{said{FixState: finding.FixUnknown, Versions: strings.Split("1 2 3 4 5 6 7 8 9 10", " ")}, [][2]string{{"1, 2, 3, 4, 5, 6, 7, 8 and 2 more", "unknown"}}},
		{said{FixState: finding.Fixed}, [][2]string{{"no version", "-"}}},
	} {
		if diff := cmp.Diff(test.want, test.said.words()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// TestShowHostile: what is shown may come from anyone's index.
func TestShowHostile(t *testing.T) {
	const evil = "\x1b[2J\u202eevil\nline\t"
	all := said{Severity: finding.High, SeveritySource: evil, Versions: []string{evil}, Module: evil,
		Affects: []shownSpan{{From: evil, Before: evil, Fix: &shownFix{Version: evil, Date: evil}}}}
	record := shownRecord{ID: evil, Source: evil, Aliases: []string{evil}, Upstream: []string{evil}, Published: evil, Modified: evil}
	var out strings.Builder
	id := shownID{Location: evil, ID: evil, CVEs: []shownCVE{{CVE: evil, KEVAdded: evil, Ratings: []finding.Rating{{Source: evil, Vector: evil}, {Source: evil}}}},
		Records: []idsRecord{{record, []idsAffected{{evil, evil, all}}}}}
	if err := id.write(&out); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"", evil} {
		p := shownPackage{Location: evil, Package: evil, Ecosystem: evil, Version: version, Counts: map[match.Answer]int{}}
		if version == "" {
			p.Advisories = []shownAdvisory{{shownRecord: record, Said: []packageSaid{{evil, all}}}}
		} else {
			p.Advisories = []shownAdvisory{{shownRecord: record, Answer: match.Affected, Reason: evil, FixedIn: []shownFix{{Version: evil, Date: evil}}, Said: []packageSaid{{evil, all}}}}
		}
		if err := p.write(&out); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range out.String() {
		if r != '\n' && (r < ' ' || r == '\u202e') {
			t.Fatalf("%q is printed as it is:\n%q", r, out.String())
		}
	}
	if strings.Contains(out.String(), "\nline") {
		t.Errorf("a line break is printed as it is:\n%s", out.String())
	}
}

// TestShowJSON: Log4Shell for machines, with what GHSA-jfh8-c2jp-5v3q and
// CISA's catalogue say.
func TestShowJSON(t *testing.T) {
	show := func(into any, args ...string) {
		t.Helper()
		args = append([]string{"db", "show", "--format", "json"}, args...)
		code, stdout, stderr := run(t, t.Context(), nil, nil, args...)
		if code != 0 {
			t.Fatal(stderr)
		}
		if _, again, _ := run(t, t.Context(), nil, nil, args...); again != stdout {
			t.Errorf("%s: twice is not the same", args)
		}
		if err := json.Unmarshal([]byte(stdout), into); err != nil {
			t.Fatal(err)
		}
	}
	var id shownID
	show(&id, "CVE-2021-44228")
	if len(id.CVEs) != 1 || id.CVEs[0].KEVAdded != "2021-12-10" || *id.CVEs[0].EPSS < 0.9 || id.CVEs[0].Ratings[0].Score != 10 {
		t.Errorf("%+v", id.CVEs)
	}
	fixes := make(map[string]string) // by ecosystem and beginning
	for _, r := range id.Records {
		for _, a := range r.Affected {
			for _, s := range a.Affects {
				fixes[a.Ecosystem+" "+a.Package+" "+s.From] = s.Fix.Version
			}
		}
	}
	const core = "Maven org.apache.logging.log4j:log4j-core "
	for from, want := range map[string]string{core + "2.13.0": "2.15.0", core + "2.4": "2.12.2", core + "2.0-beta9": "2.3.1", "Debian:11 apache-log4j2 ": "2.15.0-1~deb11u1"} {
		if fixes[from] != want {
			t.Errorf("%s is fixed in %q, want %q", from, fixes[from], want)
		}
	}
	for version, want := range map[string]match.Answer{"2.14.1": match.Affected, "2.15.0": match.NotAffected, "2.12.2": match.NotAffected, "2.4": match.Affected} {
		var p shownPackage
		show(&p, "org.apache.logging.log4j:log4j-core@Maven", "--version", version)
		for _, a := range p.Advisories {
			if a.ID == "GHSA-jfh8-c2jp-5v3q" && a.Answer != want {
				t.Errorf("%s is %s (%s), want %s", version, a.Answer, a.Reason, want)
			}
		}
		if got := p.Counts[match.Affected] + p.Counts[match.Undecided] + p.Counts[match.NotAffected]; got != len(p.Advisories) || got < 5 {
			t.Errorf("%s: counts %v of %d advisories", version, p.Counts, len(p.Advisories))
		}
	}
}
