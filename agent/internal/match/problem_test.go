package match

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/layergate/layergate/agent/internal/advisory"
)

func TestProblems(t *testing.T) {
	type shown struct {
		ID      string
		Aliases []string
		Records []string
	}
	record := func(id string, aliases ...string) advisory.Record { return advisory.Record{ID: id, Aliases: aliases} }
	erratum := func(id string, upstream ...string) advisory.Record {
		return advisory.Record{ID: id, Upstream: upstream}
	}
	for _, test := range []struct {
		what    string
		records []advisory.Record
		want    []shown
	}{
		{"by the CVE", []advisory.Record{record("GHSA-a", "CVE-1"), record("PYSEC-a", "CVE-1")},
			[]shown{{"CVE-1", []string{"GHSA-a", "PYSEC-a"}, []string{"GHSA-a", "PYSEC-a"}}}},
		{"by an alias to one that has the CVE", []advisory.Record{record("GHSA-a"), record("GO-a", "CVE-1", "GHSA-a")},
			[]shown{{"CVE-1", []string{"GHSA-a", "GO-a"}, []string{"GHSA-a", "GO-a"}}}},
		{"by aliases at a remove", []advisory.Record{record("PYSEC-a", "GHSA-a"), record("OSV-b", "X-b"), record("X-b", "GHSA-a")},
			[]shown{{"GHSA-a", []string{"OSV-b", "PYSEC-a", "X-b"}, []string{"OSV-b", "PYSEC-a", "X-b"}}}},
		{"two CVEs stay two, whatever they share", []advisory.Record{record("GO-1", "CVE-1", "GHSA-a"), record("GO-2", "CVE-2", "GHSA-a"), record("GHSA-a")},
			[]shown{{"CVE-1", []string{"GHSA-a", "GO-1"}, []string{"GHSA-a", "GO-1"}}, {"CVE-2", []string{"GHSA-a", "GO-2"}, []string{"GHSA-a", "GO-2"}}}},
		{"an erratum is each of its CVEs", []advisory.Record{erratum("ALSA-1", "CVE-1", "CVE-2"), erratum("ALSA-2", "CVE-2")},
			[]shown{{"CVE-1", []string{"ALSA-1"}, []string{"ALSA-1"}}, {"CVE-2", []string{"ALSA-1", "ALSA-2"}, []string{"ALSA-1", "ALSA-2"}}}},
		{"several CVEs and GHSAs: nobody knows which is which", []advisory.Record{record("GO-2020-0005", "CVE-1", "CVE-2", "GHSA-a", "GHSA-b")},
			[]shown{{"CVE-1", []string{"GO-2020-0005"}, []string{"GO-2020-0005"}}, {"CVE-2", []string{"GO-2020-0005"}, []string{"GO-2020-0005"}}}},
		{"a CVE as the record's id", []advisory.Record{record("CVE-1"), record("GHSA-a", "CVE-1")},
			[]shown{{"CVE-1", []string{"GHSA-a"}, []string{"CVE-1", "GHSA-a"}}}},
		{"private ids are not shown", []advisory.Record{record("x_FOP-a", "CVE-1")},
			[]shown{{"CVE-1", nil, []string{"x_FOP-a"}}}},
		{"but their name is where there is no other", []advisory.Record{record("x_NSWG-ECO-22")},
			[]shown{{"NSWG-ECO-22", nil, []string{"x_NSWG-ECO-22"}}}},
		{"nothing shared", []advisory.Record{record("GHSA-a"), record("GHSA-b")},
			[]shown{{"GHSA-a", nil, []string{"GHSA-a"}}, {"GHSA-b", nil, []string{"GHSA-b"}}}},
	} {
		var hits []hit
		for i := range test.records {
			hits = append(hits, hit{Match: &advisory.Match{Record: &test.records[i]}})
		}
		var got []shown
		for _, p := range problems(hits) {
			var s shown
			s.ID, s.Aliases = p.shown()
			for _, h := range p.hits {
				s.Records = append(s.Records, h.Record.ID)
			}
			slices.Sort(s.Records)
			got = append(got, s)
		}
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", test.what, diff)
		}
	}
}

// Two sources that disagree: the one that says affected counts, and all fixes
// are named, the nearest first.
func TestSourcesDisagree(t *testing.T) {
	idx := memory{records: []advisory.Record{
		{ID: "GHSA-a", Aliases: []string{"CVE-1"}, Feed: "b", Affected: []advisory.Affected{affects("Maven", "g:a", "0 <2.16.0")}},
		{ID: "GHSA-b", Aliases: []string{"CVE-1"}, Feed: "a", Affected: []advisory.Affected{affects("Maven", "g:a", "0 <2.15.0")}},
		{ID: "GHSA-c", Aliases: []string{"CVE-1"}, Feed: "c", Affected: []advisory.Affected{affects("Maven", "g:a", "0 <2.3.0")}},
	}}
	for version, want := range map[string][]string{"2.14.1": {"2.15.0", "2.16.0"}, "2.15.0": {"2.16.0"}, "2.16.0": nil} {
		hits, doubts := ecosystems["Maven"].decide(must(idx.Lookup("Maven", "g:a")), version)
		if len(doubts) > 0 {
			t.Errorf("%s: doubts %v", version, doubts)
		}
		var got []string
		for _, p := range problems(hits) {
			_, got = p.fix()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
}
