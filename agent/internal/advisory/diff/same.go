package diff

import (
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// same says whether two indexes say the same of a package, in whichever order.
func same(a, b []advisory.Match) bool {
	return sameBy(a, b, func(a, b advisory.Match) bool {
		return sameVersions(a, b) && sameRatings(a, b) && sameIDs(a, b) && sameFixDates(a, b) &&
			a.Affected.FixState == b.Affected.FixState && a.Affected.Module == b.Affected.Module && a.Record.Feed == b.Record.Feed
	})
}

// sameBy says whether each of a has its like in b, and there are no more.
func sameBy(a, b []advisory.Match, like func(a, b advisory.Match) bool) bool {
	if len(a) != len(b) {
		return false
	}
	taken := make([]bool, len(b))
	for _, m := range a {
		found := false
		for i := range b {
			if !taken[i] && like(m, b[i]) {
				taken[i], found = true, true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func sameVersions(a, b advisory.Match) bool {
	return slices.Equal(a.Affected.Versions, b.Affected.Versions) &&
		slices.EqualFunc(a.Affected.Ranges, b.Affected.Ranges, func(a, b advisory.Range) bool { return slices.Equal(a.Events, b.Events) })
}

func sameRatings(a, b advisory.Match) bool {
	return slices.Equal(a.Affected.Severities, b.Affected.Severities) && slices.Equal(a.Record.Severities, b.Record.Severities)
}

func sameIDs(a, b advisory.Match) bool {
	return slices.Equal(a.Record.Aliases, b.Record.Aliases) && slices.Equal(a.Record.Upstream, b.Record.Upstream)
}

// sameFixDates says that no fix has another day than it had.
func sameFixDates(a, b advisory.Match) bool {
	days := make(map[string]time.Time)
	for _, d := range a.Affected.FixDates {
		days[d.Version] = d.Day
	}
	return !slices.ContainsFunc(b.Affected.FixDates, func(d advisory.FixDate) bool {
		day, ok := days[d.Version]
		return ok && !day.Equal(d.Day)
	})
}
