package store

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// TestWalk compares a walk with lookups of each package that it comes by.
func TestWalk(t *testing.T) {
	data, _ := compiled(t, sources(), Options{Time: buildTime})
	for name, x := range map[string]*Index{"a small index": open(t, data), "the embedded index": embedded(t)} {
		t.Run(name, func(t *testing.T) {
			type place struct{ ecosystem, name string }
			walked := make(map[place][]advisory.Match)
			n := 0
			err := x.Walk(context.Background(), func(m advisory.Match) error {
				p := place{m.Affected.Ecosystem, m.Affected.Package}
				walked[p] = append(walked[p], m)
				n++
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if n != x.Info().Counts.Statements {
				t.Errorf("%d statements walked of %d", n, x.Info().Counts.Statements)
			}
			for p, got := range walked {
				want, err := x.Lookup(p.ecosystem, p.name)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(want, got) { // cmp.Diff is slow
					t.Fatalf("%v: -looked up +walked:\n%s", p, cmp.Diff(want, got))
				}
			}
		})
	}
}

func TestWalkEnds(t *testing.T) {
	x := embedded(t)
	enough := errors.New("enough")
	n := 0
	err := x.Walk(context.Background(), func(advisory.Match) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if err != enough || n != 3 {
		t.Errorf("%v after %d", err, n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := x.Walk(ctx, func(advisory.Match) error { return nil }); err != context.Canceled {
		t.Errorf("a cancelled walk: %v", err)
	}
}

func TestFind(t *testing.T) {
	data, _ := compiled(t, sources(), Options{Time: buildTime})
	small := open(t, data)
	found := func(x *Index, id string) (list []string) {
		t.Helper()
		matches, err := x.Find(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range matches {
			list = append(list, m.Record.ID+" "+m.Affected.Ecosystem+" "+m.Affected.Package)
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	for _, test := range []struct {
		x    *Index
		id   string
		want []string
	}{
		{small, "GHSA-1", []string{"GHSA-1 Packagist left/pad", "GHSA-1 npm left-pad"}},
		{small, "ghsa-1", []string{"GHSA-1 Packagist left/pad", "GHSA-1 npm left-pad"}},
		{small, "OTHER-7", []string{"GHSA-1 Packagist left/pad", "GHSA-1 npm left-pad"}},
		{small, "CVE-2021-0001", []string{"ALPINE-CVE-2021-0001 Alpine:v3.20 left-pad",
			"DEBIAN-CVE-2021-0001 Debian:11 left-pad", "DEBIAN-CVE-2021-0001 Debian:12 left-pad", "DEBIAN-CVE-2021-0001 Debian:9 left-pad",
			"GHSA-1 Packagist left/pad", "GHSA-1 npm left-pad"}},
		{small, "CVE-2021-0003", nil},
		{small, "", nil},
		// An erratum names it as one of its upstreams; read from the sources' files.
		{embedded(t), "CVE-2022-3786", []string{
			"ALSA-2022:7288 AlmaLinux:9 openssl", "ALSA-2022:7288 AlmaLinux:9 openssl-devel",
			"ALSA-2022:7288 AlmaLinux:9 openssl-libs", "ALSA-2022:7288 AlmaLinux:9 openssl-perl"}},
	} {
		got := found(test.x, test.id)
		if test.x != small { // other publishers have it too
			got = slices.DeleteFunc(got, func(s string) bool { return s[:4] != "ALSA" })
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", test.id, diff)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	x := embedded(b)
	for b.Loop() {
		if found, err := x.Find(b.Context(), "CVE-2021-44228"); err != nil || len(found) == 0 {
			b.Fatal(len(found), err)
		}
	}
}
