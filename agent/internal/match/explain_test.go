package match

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
)

func TestExplain(t *testing.T) {
	const el8 = ".module_el8.9.0+3733+996ef23f"
	ranges := func(ecosystem string, events ...string) advisory.Affected {
		a := advisory.Affected{Ecosystem: ecosystem}
		for _, e := range events {
			a.Ranges = append(a.Ranges, rangeOf(e))
		}
		return a
	}
	listed := func(a advisory.Affected, versions ...string) advisory.Affected {
		a.Versions = versions
		return a
	}
	stream := func(a advisory.Affected, module string) advisory.Affected {
		a.Module = module
		return a
	}
	refused := ranges("Debian:12", "0")
	refused.FixState = finding.WillNotFix
	log4j := ranges("Maven", "2.0-beta9 <2.3.1", "2.4 <2.12.2", "2.13.0 <2.15.0")
	for _, test := range []struct {
		version string
		a       advisory.Affected
		answer  Answer
		reason  string
		state   finding.FixState
		fixedIn string
	}{
		{"2.14.1", log4j, Affected, "at or after 2.13.0 and before the fix 2.15.0", finding.Fixed, "2.15.0"},
		{"2.15.0", log4j, NotAffected, "at or after the fix 2.15.0", "", ""},
		{"2.12.3", log4j, NotAffected, "at or after the fix 2.12.2 and before 2.13.0, where it comes back", "", ""},
		{"1.2.17", log4j, NotAffected, "before 2.0-beta9, where it was introduced", "", ""},
		{"2.1", log4j, Affected, "at or after 2.0-beta9 and before the fix 2.3.1", finding.Fixed, "2.3.1"},
		{"${log4j.version}", log4j, Undecided, `"${log4j.version}" is no version in the order of Maven`, "", ""},

		{"1.0.0", ranges("npm", "0 <1.2.0 2.0.0 <=2.9.9"), Affected, "before the fix 1.2.0", finding.Fixed, "1.2.0"},
		{"2.9.9", ranges("npm", "0 <1.2.0 2.0.0 <=2.9.9"), Affected, "at or after 2.0.0 and not after 2.9.9, the last that is affected", finding.FixUnknown, ""},
		{"3.0.0", ranges("npm", "0 <1.2.0 2.0.0 <=2.9.9"), NotAffected, "after 2.9.9, the last that is affected", "", ""},
		{"3.0.0", ranges("npm", "2.0.0 <=2.9.9 0 <1.2.0"), NotAffected, "after 2.9.9, the last that is affected", "", ""}, // in any order
		{"1.0.0", ranges("npm", "0 limit:2.0.0"), Affected, "before 2.0.0, where the advisory ends", finding.FixUnknown, ""},
		{"2.0.0", ranges("npm", "0 limit:2.0.0"), NotAffected, "at or after 2.0.0, where the advisory ends", "", ""},
		{"5", ranges("npm", "0"), Affected, "every version is affected", finding.NotFixed, ""},
		{"5", ranges("npm", "4.0.0"), Affected, "at or after 4.0.0, where it was introduced", finding.NotFixed, ""},
		{"1", refused, Affected, "every version is affected", finding.WillNotFix, ""},
		{"1", ranges("Alpine:v3.20", "0 <0"), NotAffected, "the advisory says that no version is affected", "", ""},
		{"1.0", listed(ranges("PyPI"), "0.9", "1.0.0"), Affected, "it is one of the 2 versions listed", finding.FixUnknown, ""},
		{"1.1", listed(ranges("PyPI"), "0.9", "1.0.0"), NotAffected, "it is none of the 2 versions listed", "", ""},
		{"1.1", listed(ranges("PyPI", "2.0 <3.0"), "1.1"), Affected, "it is one of the 1 versions listed", finding.Fixed, "3.0"},
		{"1", ranges("Azure Linux:3", "0 <null.cm2"), Undecided, `the advisory's "null.cm2" is no version in the order of Azure Linux:3`, "", ""},
		{"1.17.13-2", ranges("Azure Linux:3", "0 <1.17.13-2,1.18.8-2"), Undecided, `nobody can tell whether "1.17.13-2" is older than the advisory's "1.17.13-2,1.18.8-2"`, "", ""},
		{"(devel)", ranges("Go", "0"), Undecided, "a Go module built from a working copy has no version; scans pass it over", "", ""},
		{"1", ranges("Pub", "0"), Undecided, "versions of Pub cannot be compared", "", ""},

		{"1:10.0-1.el8", ranges("AlmaLinux:8", "0 <1:18.20.4-1"+el8), NotAffected, "the advisory is for another line of builds (a module's, Ksplice's or FIPS's, or else none of these)", "", ""},
		{"1:10.0-1.el8", stream(ranges("Red Hat:8", "0 <1:18.20.4-1"+el8), "nodejs:18"), NotAffected, "the advisory is for builds of the module stream nodejs:18 only", "", ""},
		{"1:18.0-1" + el8, stream(ranges("Red Hat:8", "0 <1:18.20.4-1"+el8), "nodejs:18"), Affected,
			"before the fix 1:18.20.4-1" + el8 + ", in the module stream nodejs:18", finding.Fixed, "1:18.20.4-1" + el8},
	} {
		// Whether a record has its ranges in one statement or in several is its own affair.
		record := &advisory.Record{ID: "X-1"}
		var said []advisory.Match
		for _, r := range test.a.Ranges {
			one := test.a
			one.Ranges = []advisory.Range{r}
			said = append(said, advisory.Match{Record: record, Affected: one})
		}
		whole := advisory.Match{Record: record, Affected: test.a}
		got := Explain(test.a.Ecosystem, test.version, whole)
		if len(said) > 1 {
			if diff := cmp.Diff(got, Explain(test.a.Ecosystem, test.version, said...)); diff != "" {
				t.Errorf("%s %s: -in one +in several:\n%s", test.a.Ecosystem, test.version, diff)
			}
		}
		want := Explanation{Answer: test.answer, Reason: test.reason, FixState: test.state}
		if test.fixedIn != "" {
			want.FixedIn = []string{test.fixedIn}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s: -want +got:\n%s", test.a.Ecosystem, test.version, diff)
		}
	}
}

// TestExplainTheWholeIndex asks of every fifteenth statement of the embedded index
// about the versions at which its ranges begin and end: the words must not
// contradict what is decided.
func TestExplainTheWholeIndex(t *testing.T) {
	index, err := store.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	asked, n := 0, 0
	err = index.Walk(t.Context(), func(m advisory.Match) error {
		if n++; n%15 > 0 || !Comparable(m.Affected.Ecosystem) {
			return nil
		}
		for _, r := range m.Affected.Ranges {
			for _, event := range r.Events {
				asked++
				if problem := contradiction(m, event.Version); problem != "" {
					return fmt.Errorf("%s %s, %s of %s: %s", m.Affected.Ecosystem, m.Affected.Package, event.Version, m.Record.ID, problem)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if asked < 20_000 {
		t.Errorf("%d versions were asked about: the index has more", asked)
	}
}

// contradiction is what is wrong with the explanation of a version.
func contradiction(m advisory.Match, version string) string {
	x := Explain(m.Affected.Ecosystem, version, m)
	e, _ := ecosystemOf(m.Affected.Ecosystem)
	v := e.parse(version)
	inSpan := false
	for _, r := range m.Affected.Ranges {
		for _, s := range Spans(m.Affected.Ecosystem, r) {
			inSpan = inSpan || e.reaches(s, v) && !e.ended(s, v)
		}
	}
	switch {
	case x.Answer == Undecided:
		if x.Reason == "the versions cannot be compared" {
			return "no version is named: " + x.Reason
		}
	case x.Answer == Affected && !inSpan && !e.listed(m.Affected.Versions, v):
		return "affected, and in no span: " + x.Reason
	case x.Answer == NotAffected && inSpan && len(e.sameLine(m.Affected.Ecosystem, version, []advisory.Match{m})) > 0:
		return "not affected, and in a span: " + x.Reason
	case strings.Contains(x.Reason, "in a range of the advisory"), x.Reason == "":
		return "no reason: " + x.Reason
	}
	return ""
}

// TestExplainIsMatch: for real packages, at the versions where something
// begins or ends, Explain calls affected what Match finds, and nothing else.
func TestExplainIsMatch(t *testing.T) {
	index, err := store.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	for _, p := range []inventory.Package{
		{Type: "deb", Ecosystem: "Debian:11", Name: "openssl"},
		{Type: "apk", Ecosystem: "Alpine:v3.18", Name: "openssl"},
		{Type: "rpm", Ecosystem: "AlmaLinux:8", Name: "nodejs"},
		{Type: "rpm", Ecosystem: "AlmaLinux:9", Name: "openssl-libs"},
		{Type: "rpm", Ecosystem: "Azure Linux:2", Name: "jsch"},
		{Type: "maven", Ecosystem: "Maven", Name: "org.apache.logging.log4j:log4j-core"},
		{Type: "npm", Ecosystem: "npm", Name: "lodash"},
		{Type: "pypi", Ecosystem: "PyPI", Name: "urllib3"},
		{Type: "golang", Ecosystem: "Go", Name: "stdlib"},
		{Type: "golang", Ecosystem: "Go", Name: "golang.org/x/text"},
		{Type: "gem", Ecosystem: "RubyGems", Name: "rack"},
		{Type: "composer", Ecosystem: "Packagist", Name: "twig/twig"},
		{Type: "cargo", Ecosystem: "crates.io", Name: "time"},
	} {
		said, err := Advisories(index, p.Ecosystem, p.Name, "")
		if err != nil || len(said) == 0 {
			t.Fatalf("%s: %d advisories, error %v", p.Name, len(said), err)
		}
		for version := range boundaries(said) {
			p.Version = version
			findings, _, err := Match(t.Context(), index, &inventory.Inventory{Packages: []inventory.Package{p}})
			if err != nil {
				t.Fatal(err)
			}
			found := make(map[string]bool)
			for _, f := range findings {
				for _, id := range f.Advisories {
					found[id] = true
				}
			}
			if diff := cmp.Diff(found, explained(t, index, &p)); diff != "" {
				t.Errorf("%s %s: -Match +Explain:\n%s", p.Name, version, diff)
			}
		}
	}
}

// explained are the records that Explain says p is affected by.
func explained(t *testing.T, index *store.Index, p *inventory.Package) map[string]bool {
	said, err := Advisories(index, p.Ecosystem, p.Name, p.Version)
	if err != nil {
		t.Fatal(err)
	}
	records := make(map[string][]advisory.Match)
	for _, m := range said {
		records[m.Record.ID] = append(records[m.Record.ID], m)
	}
	affected := make(map[string]bool)
	for id, said := range records {
		if Explain(p.Ecosystem, p.Version, said...).Answer == Affected {
			affected[PublicID(id)] = true
		}
	}
	return affected
}

// boundaries are the versions at which a range begins or ends, and two that
// are none.
func boundaries(said []advisory.Match) map[string]bool {
	versions := map[string]bool{"": true, "garbage!": true}
	for _, m := range said {
		for _, r := range m.Affected.Ranges {
			for _, event := range r.Events {
				versions[event.Version] = true
			}
		}
	}
	return versions
}

// FuzzExplain: whatever an index says, there is an answer with a reason.
func FuzzExplain(f *testing.F) {
	f.Add("npm", "0 <1.2.0 2.0.0 <=2.9.9", "1.0.0")
	f.Add("Debian:12", "0 <1:3.0.9-1", "3.0.8-1")
	f.Add("Azure Linux:3", "0 <1.17.13-2,1.18.8-2", "1.17.13-2")
	f.Add("Maven", "2.4 <2.12.2 2.0-beta9 <2.3.1 limit:3", "2.12.3")
	f.Add("Alpine:v3.20", "0 <0", "1")
	f.Add("Pub", "<= limit:* 1", "")
	f.Fuzz(func(t *testing.T, ecosystem, events, version string) {
		a := affects(ecosystem, "x", events)
		x := Explain(ecosystem, version, advisory.Match{Record: &advisory.Record{ID: "X-1"}, Affected: a})
		if x.Reason == "" || x.Answer != Affected && x.Answer != NotAffected && x.Answer != Undecided {
			t.Errorf("%+v", x)
		}
		if (x.FixState != "") != (x.Answer == Affected) || len(x.FixedIn) > 0 && x.FixState != finding.Fixed {
			t.Errorf("%s, and the fix is %q %q", x.Answer, x.FixState, x.FixedIn)
		}
	})
}
