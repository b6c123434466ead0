package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// maxRuleText is how many characters GitHub takes of a rule's descriptions.
const maxRuleText = 1024

// sarifRule is a rule and the findings that it stands for.
type sarifRule struct {
	id       string
	findings []*finding.Finding         // worst action first
	whole    *sarif.ReportingDescriptor // instead, a rule about the whole image
}

// rule is the place of a finding's rule.
func (b *sarifBuilder) rule(f *finding.Finding) int {
	id := ruleID(f)
	i, ok := b.at[id]
	if !ok {
		i = len(b.rules)
		b.at[id] = i
		b.rules = append(b.rules, &sarifRule{id: id})
	}
	b.rules[i].findings = append(b.rules[i].findings, f)
	return i
}

// ruleID is a vulnerability's own id; others have their kind before it, so that
// none is taken for another.
func ruleID(f *finding.Finding) string {
	if f.Kind == finding.Vulnerability {
		return EscapeTerminal(f.ID)
	}
	return EscapeTerminal(string(f.Kind) + ":" + f.ID)
}

func (b *sarifBuilder) descriptors() []*sarif.ReportingDescriptor {
	list := make([]*sarif.ReportingDescriptor, len(b.rules))
	for i, rule := range b.rules {
		if list[i] = rule.whole; rule.whole == nil {
			list[i] = rule.descriptor(b.result)
		}
	}
	return list
}

func (rule *sarifRule) descriptor(r *result.Result) *sarif.ReportingDescriptor {
	first := rule.findings[0]
	worst := sarifLevel(first.Verdict.Action)
	d := sarif.NewRule(rule.id).
		WithName(pascal(string(first.Kind))).
		WithDescription(shorten(rule.title(), maxRuleText)).
		WithFullDescription(sarif.NewMultiformatMessageString(shorten(rule.description(), maxRuleText))).
		WithHelp(rule.help(r)).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(worst)).
		WithProperties(sarif.Properties{
			"tags": rule.tags(r), "precision": "high",
			"problem.severity": map[string]string{"error": "error", "warning": "warning", "note": "recommendation"}[worst],
		})
	if link := Link(first.ID); link != "" {
		d.WithHelpURI(link)
	}
	if score := rule.securitySeverity(); score > 0 {
		d.Properties["security-severity"] = strconv.FormatFloat(score, 'f', 1, 64)
	}
	return d
}

// grades is where GitHub's grades begin and end, and what stands for a finding
// without a CVSS score. GitHub knows no negligible; a score of 0 is none.
var grades = map[finding.Severity]struct{ from, to, usual float64 }{
	finding.Critical:   {9, 10, 9.5},
	finding.High:       {7, 8.9, 8},
	finding.Medium:     {4, 6.9, 5.5},
	finding.Low:        {0.1, 3.9, 2},
	finding.Negligible: {0.1, 0.1, 0.1},
}

// securitySeverity is the score from which GitHub makes its grade; 0 is none,
// for findings whose severity nobody knows. It is the CVSS score, moved into
// the grade of our severity: a distro that knows how it built a package often
// says "low" where the score says 9.8, and GitHub is to say what we say. A rule
// has one score, that of its worst finding.
func (rule *sarifRule) securitySeverity() float64 {
	score := 0.0
	for _, f := range rule.findings {
		grade := grades[f.Severity]
		own := grade.usual
		if rating, ok := cvss(f, "CVSS_V4", "CVSS_V3", "CVSS_V2"); ok {
			own = min(max(rating.Score, grade.from), grade.to)
		}
		score = max(score, own)
	}
	return score
}

// tags are words to filter by; GitHub keeps 10.
func (rule *sarifRule) tags(r *result.Result) []string {
	tags := []string{"security", string(rule.findings[0].Kind)}
	for _, f := range rule.findings {
		if _, ok := fixOf(f); ok {
			tags = append(tags, "fixable")
		}
		if f.KnownExploited {
			tags = append(tags, "known-exploited")
		}
		switch l, _ := layerAt(r, f.Layer); l.Origin {
		case image.OriginBase:
			tags = append(tags, "base-image")
		case image.OriginApp:
			tags = append(tags, "application")
		}
	}
	slices.Sort(tags[2:])
	return slices.Compact(tags)
}

// pascal is a kind as SARIF wants the names of rules: "WeakPassword".
func pascal(kind string) string {
	var b strings.Builder
	for _, word := range strings.Split(kind, "-") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// title names the rule by what it was found in: "CVE-2023-4911 in libc6, libc-bin".
func (rule *sarifRule) title() string {
	const shown = 3
	var names []string
	seen := make(map[string]bool)
	for _, f := range rule.findings {
		name := subject(f)
		if f.Package != nil {
			name = f.Package.Name
		}
		if seen[name] {
			continue
		}
		if seen[name] = true; len(names) < shown {
			names = append(names, EscapeTerminal(name))
		}
	}
	more := ""
	if n := len(seen) - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return rule.id + " in " + strings.Join(names, ", ") + more
}
