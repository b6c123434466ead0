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
func htmlWords() template.FuncMap {
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
		"facts":       facts,
	}
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

// fact is something that is said of a finding, by its name.
type fact struct {
	Name  string
	Texts []string // ids among them are linked
}

// facts is what is known of a finding besides what its row shows.
func facts(f *finding.Finding) []fact {
	var list []fact
	add := func(name string, texts ...string) {
		texts = slices.DeleteFunc(texts, func(s string) bool { return s == "" })
		if len(texts) > 0 {
			list = append(list, fact{name, texts})
		}
	}
	add("Also known as", slices.Clone(f.Aliases)...)
	var ratings []string
	for _, r := range f.Ratings {
		ratings = append(ratings, rating(r))
	}
	add("Rated", ratings...)
	if len(f.FixedIn) > 1 {
		add("Fixed in", slices.Clone(f.FixedIn)...)
	}
	if !f.FixDate.IsZero() {
		said := "since "
		if f.FixFirstSeen {
			said = "first seen "
		}
		add("Fix", said+day(f.FixDate))
	}
	if !f.Published.IsZero() {
		add("Published", day(f.Published))
	}
	if !f.Modified.IsZero() {
		add("Changed", day(f.Modified))
	}
	add("Records", slices.Clone(f.Advisories)...)
	add("From", slices.Clone(f.Sources)...)
	add("Decided by", f.Verdict.Rule)
	return list
}

// rating is one source's opinion: "GHSA: critical, 10.0 CVSS:3.1/AV:N/…".
func rating(r finding.Rating) string {
	said := r.Source + ": " + r.Severity.String()
	if r.Vector != "" {
		said += fmt.Sprintf(", %.1f %s", r.Score, r.Vector)
	}
	return said
}
