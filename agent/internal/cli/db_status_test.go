package cli

import (
	"encoding/json"
	"testing"
	"time"
)

func TestAgeDays(t *testing.T) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		then time.Time
		want string
	}{
		{time.Time{}, "age unknown"},
		{now, "0 days old"},
		{now.Add(24*time.Hour - 1), "0 days old"}, // this clock is behind
		{now.Add(-24*time.Hour + 1), "0 days old"},
		{now.Add(-24 * time.Hour), "1 day old"},
		{time.Date(2026, 8, 22, 0, 0, 0, 0, time.UTC), "10 days old"},
	} {
		if got := ageWords(ageDays(test.then, now)); got != test.want {
			t.Errorf("%v: %q, want %q", test.then, got, test.want)
		}
	}
}

// TestStatusJSON: the clock of these tests is at 2026-09-01, and the README of
// the data says that FIRST's scores are of 2026-08-16.
func TestStatusJSON(t *testing.T) {
	code, stdout, stderr := run(t, t.Context(), nil, nil, "db", "status", "--format", "json")
	if code != 0 {
		t.Fatal(stderr)
	}
	var got struct {
		Location, ChosenBy, Digest string
		Newest                     time.Time
		AgeDays                    int
		Sources                    []struct {
			Name    string
			AgeDays int
			Partial bool
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatal(err)
	}
	if got.Location != "embedded" || got.ChosenBy != "embedded" || got.Digest == "" {
		t.Errorf("%+v", got)
	}
	if want := int(time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC).Sub(got.Newest).Hours() / 24); got.AgeDays != want {
		t.Errorf("%d days old, want %d", got.AgeDays, want)
	}
	found := 0
	for _, s := range got.Sources {
		switch s.Name {
		case "FIRST EPSS":
			found++
			if s.AgeDays != 16 || s.Partial {
				t.Errorf("%+v, want it 16 days old", s)
			}
		case "npm":
			found++
			if !s.Partial {
				t.Errorf("%+v, want it partial", s)
			}
		}
	}
	if found != 2 {
		t.Errorf("sources %+v", got.Sources)
	}
}
