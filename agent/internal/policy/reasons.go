package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/layergate/layergate/agent/internal/finding"
)

// foundAnswers sums the findings' verdicts up: a line for each sort that
// blocks, one for all that alert, and one each for what is ignored and why.
func foundAnswers(rule string, findings []finding.Finding) []answer {
	var blocked, alerted, ignored, excepted []finding.Finding
	for _, f := range findings {
		switch {
		case f.Verdict.Action == finding.Block:
			blocked = append(blocked, f)
		case f.Verdict.Action == finding.Alert:
			alerted = append(alerted, f)
		case f.Verdict.Rule == rule:
			ignored = append(ignored, f)
		default:
			excepted = append(excepted, f)
		}
	}
	var answers []answer
	for _, g := range tallies(blocked) {
		answers = append(answers, answer{finding.Block,
			fmt.Sprintf("%s blocked by rule %s (%s)", g.count(), shown(rule), examples(g.findings))})
	}
	if len(alerted) > 0 {
		answers = append(answers, answer{finding.Alert, "alerts: " + counts(alerted)})
	}
	if len(ignored) > 0 {
		answers = append(answers, answer{finding.Ignore, fmt.Sprintf("ignored by rule %s: %s", shown(rule), counts(ignored))})
	}
	if len(excepted) > 0 {
		answers = append(answers, answer{finding.Ignore,
			fmt.Sprintf("ignored by exceptions: %s (%s)", counts(excepted), examples(excepted))})
	}
	return answers
}

// tally is a sort of findings: those that are counted together.
type tally struct {
	kind     finding.Kind
	severity finding.Severity // of vulnerabilities; the other kinds are one sort each
	findings []finding.Finding
}

// tallies splits findings, the gravest sort first.
func tallies(findings []finding.Finding) []tally {
	var all []tally
	for _, f := range findings {
		s := tally{kind: f.Kind}
		if f.Kind == finding.Vulnerability {
			s.severity = f.Severity
		}
		i := slices.IndexFunc(all, func(o tally) bool { return o.kind == s.kind && o.severity == s.severity })
		if i < 0 {
			i = len(all)
			all = append(all, s)
		}
		all[i].findings = append(all[i].findings, f)
	}
	order := []finding.Kind{finding.Malware, finding.Secret, finding.WeakPassword,
		finding.Vulnerability, finding.Exposure, finding.Misconfiguration}
	slices.SortStableFunc(all, func(a, b tally) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.kind), slices.Index(order, b.kind)),
			cmp.Compare(slices.Index(finding.Severities, a.severity), slices.Index(finding.Severities, b.severity)),
		)
	})
	return all
}

// count is the sort as words: "2 critical vulnerabilities", "1 secret".
func (s tally) count() string {
	n := len(s.findings)
	switch {
	case s.kind == finding.Vulnerability && s.severity == finding.Unknown:
		return fmt.Sprintf("%d %s of unknown severity", n, plural(s.kind, n))
	case s.kind == finding.Vulnerability:
		return fmt.Sprintf("%d %s %s", n, s.severity, plural(s.kind, n))
	}
	return fmt.Sprintf("%d %s", n, plural(s.kind, n))
}

// counts are all sorts as words.
func counts(findings []finding.Finding) string {
	var words []string
	for _, s := range tallies(findings) {
		words = append(words, s.count())
	}
	return strings.Join(words, ", ")
}

// examples names a few of the findings, known exploited ones first.
func examples(findings []finding.Finding) string {
	const most = 3
	var names []string
	for _, exploited := range []bool{true, false} {
		for _, f := range findings {
			if f.KnownExploited == exploited && !slices.Contains(names, example(f)) {
				names = append(names, example(f))
			}
		}
	}
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(names, ", ")
}

// example names a finding and where it is.
func example(f finding.Finding) string {
	switch {
	case f.Package != nil:
		return shown(f.ID) + " in " + shown(f.Package.Name)
	case f.Path != "":
		return shown(f.ID) + " in " + shown(f.Path)
	}
	return shown(f.ID)
}

// plural is the word for n findings of a kind.
func plural(k finding.Kind, n int) string {
	switch {
	case k == finding.Malware:
		return "malware" // has no plural
	case k == finding.Vulnerability && n != 1:
		return "vulnerabilities"
	case n == 1:
		return strings.ReplaceAll(shown(string(k)), "-", " ")
	}
	return strings.ReplaceAll(shown(string(k)), "-", " ") + "s"
}

// shown makes a text from an image or a policy fit for a reason, which is
// one line for people: not too long, and nothing in it that does not print.
func shown(s string) string {
	return oneLine(cut(s))
}

// oneLine quotes a text that has anything that does not print.
func oneLine(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}
