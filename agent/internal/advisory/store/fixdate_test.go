package store

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// indexOf is an index of records that a source hands on.
func indexOf(t testing.TB, o Options, source string, records ...advisory.Record) *Index {
	t.Helper()
	c := newCollection(o)
	defer c.close()
	var report Report
	report.index(source)
	c.covers[source] = make(map[ecosystem]bool)
	in := intake{collection: c, unit: feed.Unit{Feed: &feed.Feed{Name: "test"}, Source: source}, report: &report.Sources[0], latest: o.Time}
	for i := range records {
		if err := in.Record(&records[i]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := c.write(context.Background(), &b, &report, o); err != nil {
		t.Fatal(err)
	}
	return open(t, b.Bytes())
}

func date(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err) // a mistake in a test
	}
	return t
}

// fixedAt is a record with a package that each of some versions fixes.
func fixedAt(id, ecosystem string, dates []advisory.FixDate, versions ...string) advisory.Record {
	a := advisory.Affected{Ecosystem: ecosystem, Package: "p", FixDates: dates}
	for _, v := range versions {
		a.Ranges = append(a.Ranges, advisory.Range{Events: []advisory.Event{{Kind: advisory.Introduced, Version: "0"}, {Kind: advisory.Fixed, Version: v}}})
	}
	return advisory.Record{ID: id, Affected: []advisory.Affected{a}}
}

// datesOf says what an index knows of the days of a record's fixes.
func datesOf(t *testing.T, x *Index, ecosystem, id string) map[string]string {
	t.Helper()
	found, err := x.Lookup(ecosystem, "p")
	if err != nil {
		t.Fatal(err)
	}
	days := make(map[string]string)
	for _, m := range found {
		if m.Record.ID != id {
			continue
		}
		for _, f := range m.Affected.FixDates {
			days[f.Version] = f.Day.Format(time.DateOnly)
			if f.FirstSeen {
				days[f.Version] += " seen"
			}
		}
	}
	return days
}

func TestModules(t *testing.T) {
	said := func(module, fix string) advisory.Affected {
		return advisory.Affected{Ecosystem: "Red Hat:8", Package: "p", Module: module,
			Ranges: []advisory.Range{{Events: []advisory.Event{{Kind: advisory.Introduced, Version: "0"}, {Kind: advisory.Fixed, Version: fix}}}}}
	}
	// The same fix in two streams and outside of them: three statements.
	want := []advisory.Affected{said("nodejs:18", "1"), said("", "1"), said("nodejs:20", "1"), said("nodejs:20", "2")}
	x := indexOf(t, Options{}, "Red Hat", advisory.Record{ID: "RHSA-1", Affected: want})
	found, err := x.Lookup("Red Hat:8", "p")
	if err != nil {
		t.Fatal(err)
	}
	var got []advisory.Affected
	for _, m := range found {
		got = append(got, m.Affected)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFixDates(t *testing.T) {
	x := indexOf(t, Options{Time: date("2024-06-01")}, "Amazon Linux",
		fixedAt("ALAS-1", "Amazon Linux:2", []advisory.FixDate{
			{Version: "1.9", Day: date("2024-03-02")},
			{Version: "1.10", Day: date("2023-01-01")},
			{Version: "1.8", Day: date("2022-01-01")}, // which fixes nothing
		}, "1.9", "1.10", "1.11"),
		fixedAt("ALAS-2", "Amazon Linux:2", []advisory.FixDate{
			{Version: "1.9", Day: date("2024-03-01")},  // the earlier one counts
			{Version: "1.11", Day: date("2099-01-01")}, // not believed
			{Version: "1.12"},
		}, "1.9", "1.12"),
		fixedAt("ALAS-3", "Amazon Linux:2023", nil, "1.10"), // known by version, whoever says it
	)
	for id, want := range map[string]map[string]string{
		"ALAS-1": {"1.9": "2024-03-01", "1.10": "2023-01-01"},
		"ALAS-2": {"1.9": "2024-03-01"},
	} {
		if diff := cmp.Diff(want, datesOf(t, x, "Amazon Linux:2", id)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", id, diff)
		}
	}
	if diff := cmp.Diff(map[string]string{"1.10": "2023-01-01"}, datesOf(t, x, "Amazon Linux:2023", "ALAS-3")); diff != "" {
		t.Errorf("ALAS-3: -want +got:\n%s", diff)
	}
}

func TestPreviousFixDates(t *testing.T) {
	old := indexOf(t, Options{Time: date("2024-05-01")}, "Debian",
		fixedAt("A", "Debian:12", []advisory.FixDate{{Version: "1", Day: date("2024-01-01")}}, "1", "2"),
		fixedAt("A", "Debian:13", nil, "2"))
	now := func(previous *Index, source string, records ...advisory.Record) *Index {
		return indexOf(t, Options{Time: date("2024-06-01"), Previous: previous}, source, records...)
	}
	second := now(old, "Debian",
		fixedAt("A", "Debian:12", nil, "1", "2", "3"),
		fixedAt("B", "Debian:12", []advisory.FixDate{{Version: "4", Day: date("2024-05-20")}}, "4"),
		fixedAt("C", "Debian:14", nil, "5"),
		fixedAt("D", "Debian:13", nil, "6"), fixedAt("D", "Debian:14", nil, "6"))
	for _, test := range []struct {
		name, ecosystem, id string
		want                map[string]string
	}{
		{"a day is kept, a fix of unknown age stays so, a new one is seen", "Debian:12", "A", map[string]string{"1": "2024-01-01", "3": "2024-06-01 seen"}},
		{"the feed's own day", "Debian:12", "B", map[string]string{"4": "2024-05-20"}},
		{"a release that is new to the index", "Debian:14", "C", map[string]string{}},
		{"a release that is new beside one that is not", "Debian:13", "D", map[string]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, datesOf(t, second, test.ecosystem, test.id)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("the day on which a fix was seen is carried on", func(t *testing.T) {
		third := indexOf(t, Options{Time: date("2024-07-01"), Previous: second}, "Debian", fixedAt("A", "Debian:12", nil, "3"))
		if diff := cmp.Diff(map[string]string{"3": "2024-06-01 seen"}, datesOf(t, third, "Debian:12", "A")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("a day from the feed takes its place", func(t *testing.T) {
		third := now(second, "Debian", fixedAt("A", "Debian:12", []advisory.FixDate{{Version: "3", Day: date("2024-05-31")}}, "3"))
		if diff := cmp.Diff(map[string]string{"3": "2024-05-31"}, datesOf(t, third, "Debian:12", "A")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("a source that is new to the index", func(t *testing.T) {
		other := now(old, "Debian tracker", fixedAt("A", "Debian:12", nil, "3"))
		if diff := cmp.Diff(map[string]string{}, datesOf(t, other, "Debian:12", "A")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("no index before", func(t *testing.T) {
		first := now(nil, "Debian", fixedAt("A", "Debian:12", nil, "3"))
		if diff := cmp.Diff(map[string]string{}, datesOf(t, first, "Debian:12", "A")); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}
