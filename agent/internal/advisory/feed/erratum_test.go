package feed

import (
	"context"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/match"
)

// records is a Sink that keeps what it gets, and an index of it to match with.
type records struct {
	list    []*advisory.Record
	skipped map[string]int
}

func (r *records) Record(record *advisory.Record) error {
	r.list = append(r.list, record)
	return nil
}
func (r *records) Facts(string, advisory.Facts) error { return nil }
func (r *records) Date(time.Time)                     {}
func (r *records) Skip(reason, _ string) {
	if r.skipped == nil {
		r.skipped = make(map[string]int)
	}
	r.skipped[reason]++
}

func (r *records) matches(ecosystem, name string) []advisory.Match {
	var list []advisory.Match
	for _, record := range r.list {
		for _, a := range record.Affected {
			if a.Ecosystem == ecosystem && a.Package == name {
				list = append(list, advisory.Match{Record: record, Affected: a})
			}
		}
	}
	return list
}

// index is records as match looks them up.
type index struct{ *records }

func (i index) Lookup(ecosystem, name string) ([]advisory.Match, error) {
	return i.matches(ecosystem, name), nil
}
func (index) Covers(string) bool { return true }
func (index) Facts(string) (advisory.Facts, bool, error) {
	return advisory.Facts{}, false, nil
}

// readFolder reads all that feeds find in a folder.
func readFolder(t *testing.T, fsys fstest.MapFS) *records {
	t.Helper()
	units, err := Find(fsys)
	if err != nil || len(units) != len(fsys) {
		t.Fatalf("%d units of %d files, %v", len(units), len(fsys), err)
	}
	got := new(records)
	for _, u := range units {
		if err := u.Feed.Read(context.Background(), fsys, u, got); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

func readFixture(t *testing.T, name string) *records {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return readFolder(t, folder(t, archive))
}

// installed is an rpm, and the advisories that should hold for it.
type installed struct {
	name, version, module string
	want                  []string
}

// matchEach matches packages one by one against what was read.
func matchEach(t *testing.T, read *records, ecosystem string, packages []installed) {
	t.Helper()
	for _, p := range packages {
		inv := &inventory.Inventory{Packages: []inventory.Package{{
			Type: "rpm", Ecosystem: ecosystem, Distro: true, Name: p.name, Version: p.version, Module: p.module,
		}}}
		findings, gaps, err := match.Match(context.Background(), index{read}, inv)
		if err != nil || len(gaps) > 0 {
			t.Errorf("%s %s: %v, %v", p.name, p.version, gaps, err)
		}
		var got []string
		for _, f := range findings {
			got = append(got, f.Advisories...)
		}
		slices.Sort(got)
		if diff := cmp.Diff(p.want, slices.Compact(got)); diff != "" {
			t.Errorf("%s %s %s: -want +got:\n%s", p.name, p.version, p.module, diff)
		}
	}
}

func fixed(since, version, day string) advisory.Affected {
	a := advisory.Affected{Ranges: []advisory.Range{{Events: []advisory.Event{
		{Kind: advisory.Introduced, Version: since}, {Kind: advisory.Fixed, Version: version}}}}}
	if t, err := time.Parse(time.DateOnly, day); err == nil {
		a.FixDates = []advisory.FixDate{{Version: version, Day: t}}
	}
	return a
}
