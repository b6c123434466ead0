package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
)

func TestWalkFacts(t *testing.T) {
	data, _ := compiled(t, sources(), Options{Time: buildTime})
	x := open(t, data)
	var walked []string
	err := x.WalkFacts(t.Context(), func(cve string, f advisory.Facts) error {
		walked = append(walked, cve)
		want, ok, err := x.Facts(cve)
		if diff := cmp.Diff(want, f); diff != "" || !ok {
			t.Errorf("%s: Facts says otherwise (%v): %s", cve, ok, diff)
		}
		return err
	})
	if diff := cmp.Diff([]string{"CVE-1999-0009", "CVE-2021-0001", "CVE-2021-0002"}, walked); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
	stop := errors.New("enough")
	if err := x.WalkFacts(t.Context(), func(string, advisory.Facts) error { return stop }); err != stop {
		t.Errorf("got %v, want the visitor's own error", err)
	}
}

// TestEmbeddedKEV: CISA added Log4Shell to its catalogue on 2021-12-10.
func TestEmbeddedKEV(t *testing.T) {
	x, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	var exploited int
	var log4shell time.Time
	err = x.WalkFacts(t.Context(), func(cve string, f advisory.Facts) error {
		if f.KnownExploited {
			exploited++
		}
		if cve == "CVE-2021-44228" {
			log4shell = f.KEVAdded
		}
		return nil
	})
	if want := time.Date(2021, 12, 10, 0, 0, 0, 0, time.UTC); err != nil || !log4shell.Equal(want) || exploited != x.Info().Counts.KnownExploited {
		t.Errorf("%v, %d exploited, Log4Shell since %v", err, exploited, log4shell)
	}
}
