package report

import (
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// scanSuite is about the scan itself: the verdict, what could not be read or
// decided, and, where nothing was found, a case that says so: a suite without
// any is an error to Jenkins. shown is how many findings the report has.
func scanSuite(r *result.Result, shown int) *junitSuite {
	s := &junitSuite{Name: "the scan", Properties: scanProperties(r)}
	class := className(r, "the scan")
	add := func(c *junitCase) {
		c.Class = class
		s.Cases = append(s.Cases, c)
	}
	add(verdictCase(r))
	if r.Failed != "" {
		add(&junitCase{Name: "scan failed", Error: &junitOutcome{
			Message: "The scan could not be completed: " + junitText(r.Failed), Type: "failed", Text: junitText(r.Failed) + "\n"}})
	}
	room := maxJUnitGaps
	for i, g := range r.Incomplete {
		if r.Failed != "" && g.Reason == r.Failed {
			continue // said above
		}
		c := gapCase(r, g)
		if room -= c.size(); room < 0 {
			text := count(len(r.Incomplete)-i, "more gap") + ": the JSON result has all"
			add(gapOutcome(r, "gaps left out", &junitOutcome{Message: text, Type: string(finding.Limited), Text: text + "\n"}))
			break
		}
		add(c)
	}
	if n := len(r.Findings) - shown; n > 0 {
		text := fmt.Sprintf("%d findings are left out, the least bad ones. The JSON result has all.", n)
		add(&junitCase{Name: "findings left out", Skipped: &junitOutcome{Message: text, Text: text + "\n"}})
	}
	if len(r.Findings) == 0 && completeScan(r) {
		add(&junitCase{Name: "no findings"})
	}
	return s
}

// verdictCase is the policy's answer for the image, which can be to block
// though no single finding does, and what clears it.
func verdictCase(r *result.Result) *junitCase {
	v := r.Verdict
	facts := []labelled{{"verdict", verdictWord(v)}}
	facts = appendFacts(facts, "reason", len(v.Reasons), func(i int) string { return v.Reasons[i] })
	facts = appendFacts(facts, "to clear it", len(r.Remedies), func(i int) string {
		return remedy(r.Remedies[i]) + " in " + layerTitle(r, r.Remedies[i].Layer)
	})
	facts = append(facts, labelled{"advisories", "newest of " + day(r.Database.Newest) + ", " + age(r.Database.Newest, r.Created)})
	c := &junitCase{Name: "verdict of the policy"}
	outcome := &junitOutcome{Message: verdictWord(v) + ": " + junitText(strings.Join(v.Reasons, "; ")), Type: "verdict", Text: factLines(facts)}
	switch {
	case v.ExitCode == 1 || v.Incomplete:
		c.Error = outcome
	case v.Action == finding.Block:
		c.Failure = outcome
	default:
		c.SystemOut = &junitOutcome{Text: outcome.Text}
	}
	return c
}

// appendFacts appends n facts of one name, or those for which a case has room.
func appendFacts(facts []labelled, name string, n int, fact func(i int) string) []labelled {
	room := maxJUnitFacts
	for i := range n {
		text := fact(i)
		if room -= min(len(text), maxText); room < 0 {
			return append(facts, labelled{name, fmt.Sprintf("%d more: the JSON result has all", n-i)})
		}
		facts = append(facts, labelled{name, text})
	}
	return facts
}

// gapCase is a gap.
func gapCase(r *result.Result, g finding.Gap) *junitCase {
	where := layerTitle(r, g.Layer)
	c := gapOutcome(r, "gap: "+string(g.Kind)+" "+junitText(g.Subject), &junitOutcome{Message: junitText(g.Reason), Type: string(g.Kind), Text: factLines([]labelled{
		{"gap", string(g.Kind)}, {"subject", g.Subject}, {"reason", g.Reason}, {"layer", where}, {"undecided", strings.Join(g.IDs, ", ")},
	})})
	if l, ok := layerAt(r, g.Layer); ok && l.Dockerfile != nil {
		c.File = junitText(l.Dockerfile.Path)
	}
	return c
}

// gapOutcome is a case about gaps: an error, or skipped where the policy
// accepts gaps.
func gapOutcome(r *result.Result, name string, outcome *junitOutcome) *junitCase {
	c := &junitCase{Name: shorten(name, maxJUnitName)}
	if r.Failed != "" || r.Verdict.Incomplete || r.Verdict.ExitCode == 1 {
		c.Error = outcome
	} else {
		outcome.Type = ""
		c.Skipped = outcome
	}
	return c
}

func scanProperties(r *result.Result) *junitProperties {
	var p junitProperties
	for _, f := range []labelled{
		{"image", r.Image.Name}, {"digest", r.Image.Digest}, {"id", r.Image.ID}, {"platform", platform(r.Image.Platform)},
		{"advisories", r.Database.Digest}, {"advisories.newest", day(r.Database.Newest)},
		{"policy", r.Policy.Location}, {"policy.digest", r.Policy.Digest}, {"policy.rule", r.Policy.Rule},
		{"tool", strings.TrimSpace(r.Tool.Name + " " + r.Tool.Version)},
	} {
		if f.text != "" {
			p.List = append(p.List, junitProperty{f.name, junitText(f.text)})
		}
	}
	return &p
}
