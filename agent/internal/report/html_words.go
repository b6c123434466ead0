package report

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// htmlWords is what the templates can say. The template escapes all markup;
// show makes visible what nobody can see, such as a change of the writing
// direction.
func htmlWords(r *result.Result) template.FuncMap {
	return template.FuncMap{
		"show":   EscapeTerminal,
		"names":  func(list []string) string { return EscapeTerminal(strings.Join(list, ", ")) },
		"link":   Link,
		"bytes":  size,
		"day":    day,
		"age":    age,
		"count":  count,
		"digest": func(ss ...string) string { return EscapeTerminal(shortDigest(firstOf(ss...))) },
		"platform": func(p image.Platform) string {
			return EscapeTerminal(platform(p))
		},
		"instruction": func(l result.Layer) string { return EscapeTerminal(instruction(l)) },
		"place":       func(p result.Place) string { return EscapeTerminal(place(p)) },
		"remedy":      func(m result.Remedy) string { return EscapeTerminal(remedy(m)) },
		"kind":        kindWord,
		"action":      func(a string) string { return actionWord(finding.Action(a)) },
		"word":        verdictWord,
		"ending":      ending,
		"chance":      chance,
		"fix":         func(f *finding.Finding) string { s, _ := fixOf(f); return EscapeTerminal(s) },
		"fixable":     func(f *finding.Finding) bool { _, ok := fixOf(f); return ok },
		"score":       score,
		"weight":      weight,
		"paint":       func(severity string) string { return severityPaint[severity] },
		"facts":       func(p *htmlPack) []htmlFacts { return htmlFactsOf(p, r.Policy.Rule) },
	}
}

// severityPaint is the colours of bars where the stylesheet has no say. They
// are seen on white and on black.
var severityPaint = map[string]string{
	"critical": "#be123c", "high": "#ea580c", "medium": "#ca8a04", "low": "#3b82f6", "negligible": "#94a3b8", "unknown": "#94a3b8",
}

// ending says what the exit code means for the pipeline.
func ending(v result.Verdict) string {
	switch v.ExitCode {
	case 0:
		return "The gate is open (exit code 0)."
	case 1:
		return "The scan could not be completed or trusted (exit code 1)."
	}
	return "The gate is closed (exit code 2)."
}

// chance is an EPSS score for people. It is never rounded to nothing.
func chance(p *float64) string {
	switch {
	case p == nil:
		return ""
	case *p < 0.001:
		return "<0.1 %"
	}
	return fmt.Sprintf("%.1f %%", *p*100)
}

// score is the CVSS score of the best rating that has one, or "".
func score(f *finding.Finding) string {
	if r, ok := cvss(f, "CVSS_V4", "CVSS_V3", "CVSS_V2"); ok {
		return fmt.Sprintf("%.1f", r.Score)
	}
	return ""
}

// htmlFacts is what is known of a finding besides what its row shows.
type htmlFacts struct {
	ID      string
	Aliases []string
	Facts   string // a line each
}

func htmlFactsOf(p *htmlPack, rule string) []htmlFacts {
	var list []htmlFacts
	for _, r := range p.Rows {
		if said := facts(r.Finding, rule); said != "" || len(r.Aliases) > 0 {
			list = append(list, htmlFacts{r.ID, r.Aliases, said})
		}
	}
	return list
}

// facts is what is known of a finding besides what its row and aliases say.
// rule is the one that decides unless an exception does.
func facts(f *finding.Finding, rule string) string {
	var lines []string
	add := func(what, said string) {
		if said != "" {
			lines = append(lines, EscapeTerminal(what+" "+said))
		}
	}
	for _, r := range f.Ratings {
		add("rated by", rating(r))
	}
	if len(f.FixedIn) > 1 {
		add("fixed in", strings.Join(f.FixedIn, ", "))
	}
	if !f.FixDate.IsZero() && f.FixFirstSeen {
		add("fix first seen", day(f.FixDate))
	} else if !f.FixDate.IsZero() {
		add("fix of", day(f.FixDate))
	}
	if !f.Published.IsZero() {
		add("published", day(f.Published))
	}
	if !f.Modified.IsZero() {
		add("changed", day(f.Modified))
	}
	said := append([]string{f.ID}, f.Aliases...)
	others := slices.DeleteFunc(slices.Clone(f.Advisories), func(id string) bool { return slices.Contains(said, id) })
	add("advisories", strings.TrimSpace(strings.Join(others, ", ")+" "+from(f.Sources)))
	if f.Verdict.Rule != rule {
		add("decided by", f.Verdict.Rule)
	}
	return strings.Join(lines, "\n")
}

func from(sources []string) string {
	if len(sources) == 0 {
		return ""
	}
	return "from " + strings.Join(sources, ", ")
}

// rating is one source's opinion: "GHSA: critical, 10.0 CVSS:3.1/AV:N/…".
func rating(r finding.Rating) string {
	said := r.Source + ": " + r.Severity.String()
	if r.Vector != "" {
		said += fmt.Sprintf(", %.1f %s", r.Score, r.Vector)
	}
	return said
}
