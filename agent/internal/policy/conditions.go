package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// countAnswers say which of the rule's max-allowed counts are exceeded.
func (r *Rule) countAnswers(findings []finding.Finding) []answer {
	left := map[finding.Severity]int{}
	for _, f := range findings {
		if f.Kind == finding.Vulnerability && f.Verdict.Action != finding.Ignore {
			left[f.Severity]++
		}
	}
	var answers []answer
	for _, s := range finding.Severities {
		if most, bounded := r.Vulnerabilities.MaxAllowed[s]; bounded && left[s] > most {
			answers = append(answers, answer{finding.Block, fmt.Sprintf("%d %s %s: rule %s allows at most %d",
				left[s], s, plural(finding.Vulnerability, left[s]), shown(r.Name), most)})
		}
	}
	return answers
}

// endOfLife says what a distro without support means. Its last day of support
// is still one with support; without a known date nothing is said.
func (r *Rule) endOfLife(d *image.Distro, now time.Time) []answer {
	if d == nil || d.EndOfLife == "" || now.UTC().Format(time.DateOnly) <= d.EndOfLife {
		return nil
	}
	return []answer{{r.EndOfLifeDistro, fmt.Sprintf(
		"%s has had no security support since %s: rule %s %s that", shown(d.Name), shown(d.EndOfLife),
		shown(r.Name), verb(r.EndOfLifeDistro))}}
}

// answer says what the age of the advisory index means.
func (db Database) answer(newest, now time.Time) []answer {
	switch age := now.Sub(newest); {
	case db.MaxAge == 0:
		return nil
	case newest.IsZero():
		return []answer{{db.WhenOlder, fmt.Sprintf(
			"the advisory index has no date, and the policy wants one of the last %s", inWords(db.MaxAge))}}
	case age > db.MaxAge:
		return []answer{{db.WhenOlder, fmt.Sprintf(
			"the newest advisories are of %s, which is %s ago, and the policy allows %s: use a newer index",
			newest.UTC().Format(time.DateOnly), inWords(age), inWords(db.MaxAge))}}
	}
	return nil
}

// inWords is a duration in days or, below two days, in hours.
func inWords(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%.3g hours", d.Hours())
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}

// gapAnswers say what the gaps of a scan mean.
func (r *Rule) gapAnswers(gaps []finding.Gap) []answer {
	const most = 3
	if len(gaps) == 0 {
		return nil
	}
	var examples []string
	for _, g := range gaps[:min(len(gaps), most)] {
		examples = append(examples, fmt.Sprintf("%s: %s", shown(g.Subject), shown(g.Reason)))
	}
	if len(gaps) > most {
		examples = append(examples, fmt.Sprintf("and %d more", len(gaps)-most))
	}
	parts := "part"
	if len(gaps) > 1 {
		parts = "parts"
	}
	return []answer{{r.Incomplete, fmt.Sprintf("the scan is incomplete in %d %s, which rule %s %s (%s)",
		len(gaps), parts, shown(r.Name), verb(r.Incomplete), strings.Join(examples, "; "))}}
}
