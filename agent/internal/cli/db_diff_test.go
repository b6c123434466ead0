package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory/diff"
	"github.com/layergate/layergate/agent/internal/finding"
)

func TestWorstChanges(t *testing.T) {
	w := worstChanges{}
	add := func(n int, kind diff.Kind, severity finding.Severity) {
		for i := range n {
			if err := w.add(diff.Change{Kind: kind, Severity: severity, Record: fmt.Sprintf("%s%d", severity, i)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(maxChanges, diff.Added, finding.Low)
	add(2, diff.Added, finding.Critical)
	add(maxChanges, diff.Added, finding.Unknown)
	add(1, diff.Added, finding.High)
	add(1, diff.Changed, finding.Unknown)
	var got []string
	err := w.each(func(c diff.Change) error {
		got = append(got, c.Record)
		return nil
	})
	want := []string{"critical0", "critical1", "high0"}
	for i := range maxChanges - 3 {
		want = append(want, fmt.Sprint("low", i))
	}
	want = append(want, "unknown0")
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
}

// many gives n changes, each of a hostile package.
func many(n int, name string) func(func(diff.Change) error) error {
	return func(visit func(diff.Change) error) error {
		for i := range n {
			kind := changeKinds[i%len(changeKinds)]
			c := diff.Change{Kind: kind, Ecosystem: name, Package: name, Record: fmt.Sprint(name, i), CVEs: []string{name, name, name, name},
				Fixes: []string{name}, What: []string{"fixes", "fixState", "severity", "ids"}}
			if err := visit(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func hostileDiff(name string) indexDiff {
	return indexDiff{A: diffedIndex{Location: name, Digest: name}, Ecosystems: []countsOf{{Name: name}},
		Sources: []diff.Source{{Name: name}}, Exploited: []exploited{{name, name}}}
}

// TestDiffHostile: every row is there, however many, and nothing in it is for
// the terminal to act on.
func TestDiffHostile(t *testing.T) {
	const evil = "\x1b[2J\u202eevil\nline\t"
	var out strings.Builder
	n := 2*tableRows + 3
	if err := hostileDiff(evil).write(&out, true, many(n, evil)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "and 1 more"); got != n {
		t.Errorf("%d rows, want %d", got, n)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e\t") || strings.Contains(out.String(), "\nline") {
		t.Errorf("%.300q", out.String())
	}
}

func TestDiffJSON(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		var out strings.Builder
		if err := hostileDiff("\x1b").writeJSON(&out, many(n, "\x1b")); err != nil {
			t.Fatal(err)
		}
		var got struct {
			A       diffedIndex
			Changes []diff.Change
		}
		if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if got.A.Location != "\x1b" || len(got.Changes) != n || got.Changes == nil {
			t.Errorf("%d changes: %+v", n, got)
		}
	}
	broken := errors.New("broken")
	if err := hostileDiff("").writeJSON(&strings.Builder{}, func(func(diff.Change) error) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestChangeWords(t *testing.T) {
	for want, c := range map[string]diff.Change{
		"fixed in 1.2":              {Kind: diff.Added, Fixes: []string{"1.2"}, FixState: finding.Fixed},
		"fixed in 1.1, 1.2":         {Kind: diff.Removed, FixesBefore: []string{"1.1", "1.2"}, FixStateBefore: finding.Fixed},
		"will not be fixed":         {Kind: diff.Added, FixState: finding.WillNotFix},
		"not fixed → fixed in 1.2":  {Kind: diff.Changed, FixStateBefore: finding.NotFixed, Fixes: []string{"1.2"}, FixState: finding.Fixed, What: []string{"fixes", "fixState"}},
		"fix unknown → not fixed":   {Kind: diff.Changed, FixStateBefore: finding.FixUnknown, FixState: finding.NotFixed, What: []string{"fixState"}},
		"other versions; other ids": {Kind: diff.Changed, What: []string{"versions", "severity", "ids"}},
	} {
		if got := changeWords(c); got != want {
			t.Errorf("%+v: %q, want %q", c, got, want)
		}
	}
}
