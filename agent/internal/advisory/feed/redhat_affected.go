package feed

import (
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// redhatAffected makes one of all statements about a package. What is fixed
// in the main stream was affected before. What is affected stays so whoever
// else looks into it. Only where nothing is known is it under investigation.
//
// After a release's end of maintenance (RHEL 6, 7), Red Hat goes on fixing it
// for those who pay (ELS), and often names that stream alone. Everybody else
// with the release is affected, and gets no fix; an image that has ELS's
// build is none of theirs, so that nothing is said of it.
func redhatAffected(group []*redhatStatement) advisory.Affected {
	p := group[0].redhatPackage
	a := advisory.Affected{Ecosystem: "Red Hat:" + p.release, Package: p.name, Module: p.module}
	var fixed, extended []string
	affected := false
	for _, s := range group {
		switch {
		case s.status == vexFixed && s.els:
			extended = append(extended, s.version)
		case s.status == vexFixed:
			fixed = append(fixed, s.version)
			a.FixDates = withFixDate(a.FixDates, s.version, s.day)
		case s.status == vexAffected:
			affected = true
			if s.els { // without ELS there will be none
				s.state = finding.WillNotFix
			}
			if a.FixState == "" || s.state == finding.NotFixed {
				a.FixState = s.state
			}
		}
	}
	switch {
	case len(fixed) > 0:
		a.Ranges = []advisory.Range{fixedIn(fixed, affected)}
		a.FixDates = slices.DeleteFunc(a.FixDates, func(d advisory.FixDate) bool { return !ends(a.Ranges[0], d.Version) })
	case len(extended) > 0:
		a.FixState, a.FixDates = finding.WillNotFix, nil
		a.Ranges = []advisory.Range{{Events: append(everyVersion().Events, advisory.Event{Kind: advisory.Limit, Version: newestRPM(extended)})}}
	case affected:
		a.Ranges = []advisory.Range{everyVersion()}
	default:
		a.Ranges, a.FixState = []advisory.Range{everyVersion()}, finding.FixUnknown
	}
	a.Severities = redhatSeverities(group, len(fixed)+len(extended) == 0 && !affected)
	return a
}

// ends says whether a range has a fix in that version.
func ends(r advisory.Range, version string) bool {
	return slices.Contains(r.Events, advisory.Event{Kind: advisory.Fixed, Version: version})
}

// withFixDate keeps the earliest day for a version.
func withFixDate(list []advisory.FixDate, version string, day time.Time) []advisory.FixDate {
	if day.IsZero() {
		return list
	}
	for i := range list {
		if list[i].Version == version {
			if day.Before(list[i].Day) {
				list[i].Day = day
			}
			return list
		}
	}
	return append(list, advisory.FixDate{Version: version, Day: day})
}

// redhatSeverities are Red Hat's rating, the worst where it gives several,
// and the vectors that led to it. An open question has no rating yet.
func redhatSeverities(group []*redhatStatement, investigated bool) []advisory.Severity {
	word := ""
	var vectors []advisory.Severity
	for _, s := range group {
		if impacts[s.impact] > impacts[word] {
			word = s.impact
		}
		for _, v := range s.scores {
			if !slices.Contains(vectors, v) {
				vectors = append(vectors, v)
			}
		}
	}
	if investigated {
		word = "under investigation"
	}
	if word == "" {
		return vectors
	}
	return append([]advisory.Severity{{Source: "Red Hat", Method: "distro", Score: word}}, vectors...)
}

// liftSeverities moves what all packages have in common up to the record.
func liftSeverities(r *advisory.Record) {
	for _, a := range r.Affected {
		if !slices.Equal(a.Severities, r.Affected[0].Severities) {
			return
		}
	}
	for i := range r.Affected {
		r.Severities, r.Affected[i].Severities = r.Affected[i].Severities, nil
	}
}
