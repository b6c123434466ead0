package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// gitlabSeverity is a severity in GitLab's words. Negligible is what GitLab
// calls Info: lower than Low, but known.
func gitlabSeverity(s finding.Severity) string {
	switch s {
	case finding.Critical:
		return "Critical"
	case finding.High:
		return "High"
	case finding.Medium:
		return "Medium"
	case finding.Low:
		return "Low"
	case finding.Negligible:
		return "Info"
	}
	return "Unknown"
}

func (g *gitlabFinding) entry(r *result.Result, locate func(name, version string) any) gitlabEntry {
	f := &r.Findings[g.worst]
	version := ""
	if f.Package != nil {
		version = f.Package.Version
	}
	return gitlabEntry{
		ID:          entryID(g.primary.Type, g.primary.Value, g.name),
		Name:        clip(EscapeTerminal(title(withoutPackageVersion(f))), maxName),
		Description: g.description(r),
		Severity:    gitlabSeverity(f.Severity),
		Solution:    g.solution(r),
		Identifiers: g.identifiers(f),
		Vectors:     gitlabVectors(f),
		Links:       gitlabLinks(f),
		Location:    locate(g.name, version),
		Details:     g.details(r),
	}
}

// withoutPackageVersion is for titles: GitLab keeps one entry over all versions.
func withoutPackageVersion(f *finding.Finding) *finding.Finding {
	if f.Package == nil {
		return f
	}
	c := *f
	c.Package = &finding.Package{Name: f.Package.Name}
	return &c
}

// solution is what to do in every place, each sentence once and whole: half a
// code span would be none.
func (g *gitlabFinding) solution(r *result.Result) string {
	var said []string
	room := maxSolution - 100
	for _, i := range g.places {
		s := solutionInMarkdown(r, &r.Findings[i])
		if slices.Contains(said, s) {
			continue
		}
		if room -= utf8.RuneCountInString(s) + 2; room < 0 {
			said = append(said, "There is more to do: the table has all places.")
			break
		}
		said = append(said, s)
	}
	return strings.Join(said, "\n\n")
}

// solutionInMarkdown has the instruction in one piece: as it is named last, what
// follows it are our own words.
func solutionInMarkdown(r *result.Result, f *finding.Finding) string {
	s, where := solution(r, f), layerTitle(r, f.Layer)
	i := strings.LastIndex(s, where)
	if i < 0 {
		return prose(s, maxText)
	}
	return prose(s[:i], maxText) + " " + layerInMarkdown(r, f.Layer) + s[i+len(where):]
}

// description is Markdown made of facts: the index has no prose.
func (g *gitlabFinding) description(r *result.Result) string {
	f := &r.Findings[g.worst]
	where := fmt.Sprintf("%s, from %s.", prose(title(f), maxText), layerInMarkdown(r, f.Layer))
	if n := len(g.places) - 1; n > 0 {
		where += fmt.Sprintf(" It is in %s too: see the table.", count(n, "more place"))
	}
	verdict := fmt.Sprintf("The policy %s it", policyVerb(f.Verdict.Action))
	if f.Verdict.Reason != "" {
		verdict += ": " + prose(f.Verdict.Reason, maxText)
	}
	return strings.Join([]string{where, strings.Join(gitlabFacts(f), " "), verdict + "."}, "\n\n")
}

// layerInMarkdown names a layer and its instruction.
func layerInMarkdown(r *result.Result, index int) string {
	l, ok := layerAt(r, index)
	if !ok {
		return noLayer
	}
	return layerName(index, l.Origin) + ": " + code(instruction(l), maxText)
}

// gitlabFacts are sentences about a finding wherever it is.
func gitlabFacts(f *finding.Finding) []string {
	said := []string{fmt.Sprintf("Its severity is %s.", f.Severity)}
	if f.SeveritySource != "" {
		said[0] = fmt.Sprintf("Its severity is %s, according to %s.", f.Severity, code(f.SeveritySource, maxName))
	}
	if n := len(f.Aliases); n > 0 {
		said = append(said, "It is also known as "+code(strings.Join(f.Aliases[:min(n, maxIdentifiers)], ", "), maxText)+".")
	}
	if f.KnownExploited {
		said = append(said, "It is known to be exploited, according to CISA.")
	}
	if f.EPSS != nil {
		said = append(said, fmt.Sprintf("The probability of its exploitation within 30 days is %s (EPSS).", percent(*f.EPSS)))
	}
	if !f.Published.IsZero() {
		said = append(said, "It was published on "+day(f.Published)+".")
	}
	return said
}

func percent(p float64) string { return fmt.Sprintf("%.1f%%", 100*p) }

// policyVerb says what the policy does to a finding.
func policyVerb(a finding.Action) string {
	switch a {
	case finding.Block:
		return "blocks"
	case finding.Alert:
		return "alerts on"
	case finding.Ignore:
		return "ignores"
	}
	return "passes"
}
