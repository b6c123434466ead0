package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
)

// exceptions are those of a policy that are for one image.
type exceptions struct {
	list    []Exception
	now     time.Time
	expired []bool // by index: it would have lifted a finding, but has expired
}

func exceptionsFor(all []Exception, names []string, now time.Time) *exceptions {
	e := &exceptions{now: now}
	for _, x := range all {
		if x.Images == nil || anyMatch(x.Images, names) {
			e.list = append(e.list, x)
		}
	}
	e.expired = make([]bool, len(e.list))
	return e
}

// expiredAt reports whether the last day of an exception, in UTC, is over.
func (x Exception) expiredAt(now time.Time) bool {
	return !now.Before(x.Expires.AddDate(0, 0, 1))
}

// matches reports whether an exception is for a finding.
func (x Exception) matches(f finding.Finding) bool {
	same := strings.EqualFold(x.ID, f.ID)
	for _, alias := range f.Aliases {
		same = same || strings.EqualFold(x.ID, alias)
	}
	if !same {
		return false
	}
	return x.Packages == nil || f.Package != nil && anyMatch(x.Packages, packageNames(*f.Package))
}

// apply replaces a verdict by that of the first exception that is for the
// finding and still in force. Where only expired ones are, the verdict stays
// and names them.
func (e *exceptions) apply(f finding.Finding, v finding.Verdict) finding.Verdict {
	var missed []int
	for i, x := range e.list {
		if !x.matches(f) {
			continue
		}
		if x.expiredAt(e.now) {
			missed = append(missed, i)
			continue
		}
		return finding.Verdict{
			Action: finding.Ignore,
			Rule:   "exception " + shown(x.ID),
			Reason: fmt.Sprintf("exception by %s until %s: %s", shown(x.Owner), x.day(), oneLine(x.Reason)),
		}
	}
	for _, i := range missed {
		e.expired[i] = true
		v.Reason += fmt.Sprintf("; the exception by %s expired on %s", shown(e.list[i].Owner), e.list[i].day())
	}
	return v
}

// day is the last day of an exception.
func (x Exception) day() string { return x.Expires.Format(time.DateOnly) }

// expiredAnswers name the expired exceptions that are missed.
func (e *exceptions) expiredAnswers() []answer {
	var answers []answer
	for i, x := range e.list {
		if e.expired[i] {
			answers = append(answers, answer{finding.Ignore, fmt.Sprintf(
				"the exception for %s by %s expired on %s and is not applied: renew or remove it",
				shown(x.ID), shown(x.Owner), x.day())})
		}
	}
	return answers
}

// packageNames are the package URLs that a pattern may match: the whole one,
// without its qualifiers, without its version, and so for the source package.
func packageNames(p finding.Package) []string {
	whole, _, _ := strings.Cut(p.PURL, "#")
	plain, _, _ := strings.Cut(whole, "?")
	slash := strings.LastIndexByte(plain, '/') + 1
	name, version, _ := strings.Cut(plain[slash:], "@")
	names := []string{p.PURL, plain, plain[:slash] + name}
	if p.Source != "" {
		source, _, _ := strings.Cut(p.Source, "@")
		names = append(names, plain[:slash]+source, plain[:slash]+source+"@"+version)
	}
	return names
}
