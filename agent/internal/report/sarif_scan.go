package report

import (
	"fmt"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// This file is what SARIF says of the scan itself.

// invocation says how the scan ended, and why it is not complete; shown is how
// many findings the run has.
func invocation(r *result.Result, shown int) *sarif.Invocation {
	v := r.Verdict
	said := []string{verdictWord(v)}
	for _, reason := range v.Reasons {
		said = append(said, EscapeTerminal(reason))
	}
	i := sarif.NewInvocation().WithExecutionSuccess(completeScan(r)).WithExitCode(v.ExitCode).WithExitCodeDescription(strings.Join(said, "; "))
	if r.Failed != "" {
		i.AddTToolExecutionNotification(notification("error", "The scan could not be completed: "+EscapeTerminal(r.Failed)))
	}
	for _, g := range r.Incomplete {
		if r.Failed != "" && g.Reason == r.Failed {
			continue // said above
		}
		n := notification("error", gapText(r, g))
		n.Properties = sarif.Properties{"kind": g.Kind, "subject": EscapeTerminal(g.Subject), "layer": g.Layer}
		if len(g.IDs) > 0 {
			n.Properties["ids"] = g.IDs
		}
		i.AddTToolExecutionNotification(n)
	}
	if n := len(r.Findings); shown < n {
		i.AddTToolExecutionNotification(notification("warning", fmt.Sprintf(
			"%d of %d findings are left out, the least bad ones: code scanning takes no more results. The JSON result has all.", n-shown, n)))
	}
	for _, note := range r.Image.Notes {
		i.AddTToolExecutionNotification(notification("note", EscapeTerminal(note)))
	}
	return i
}

// completeScan says whether a scan read and decided everything.
func completeScan(r *result.Result) bool {
	return r.Failed == "" && !r.Verdict.Incomplete && len(r.Incomplete) == 0 && r.Verdict.ExitCode != 1
}

func notification(level, text string) *sarif.Notification {
	return sarif.NewNotification().WithLevel(level).WithTextMessage(unlinked(text))
}

// gapText is a gap in a sentence, escaped.
func gapText(r *result.Result, g finding.Gap) string {
	text := fmt.Sprintf("%s: %s", g.Kind, g.Reason)
	if g.Subject != "" && !strings.Contains(g.Reason, g.Subject) {
		text += fmt.Sprintf(" (%s)", EscapeTerminal(g.Subject))
	}
	text = EscapeTerminal(text)
	if _, ok := layerAt(r, g.Layer); ok {
		text += ", in " + EscapeTerminal(layerTitle(r, g.Layer))
	}
	if len(g.IDs) > 0 {
		text += ": undecided are " + EscapeTerminal(strings.Join(g.IDs, ", "))
	}
	return text
}

// wholeImage adds results about the image as a whole. Without them a scan that
// could not be completed, or an image that blocks for another reason than a
// finding (a policy's max-allowed, say), would look clean on GitHub.
func (b *sarifBuilder) wholeImage() {
	r := b.result
	switch {
	case !completeScan(r):
		level := "error"
		if r.Failed == "" && !r.Verdict.Incomplete && r.Verdict.ExitCode != 1 {
			level = "warning" // the policy accepts the gaps
		}
		said := []string{"The scan of this image is incomplete: more may be wrong with it than is shown."}
		if r.Failed != "" {
			said = append(said, "The scan could not be completed: "+EscapeTerminal(r.Failed)+".")
		}
		for i, g := range gapsByReason(r) {
			if i == helpPlaces {
				said = append(said, "There is more; the notifications of this run have all.")
				break
			}
			if r.Failed != "" && g.reason == r.Failed {
				continue
			}
			said = append(said, fmt.Sprintf("%s: %s.", count(len(g.gaps), "gap"), gapText(r, g.gaps[0])))
		}
		b.addWhole("incomplete-scan", "IncompleteScan", "Incomplete scan", level, strings.Join(said, " "))
	case r.Verdict.Action == finding.Block && r.Totals.ByAction[string(finding.Block)] == 0:
		reasons := EscapeTerminal(strings.Join(r.Verdict.Reasons, "; "))
		b.addWhole("blocked-image", "BlockedImage", "Blocked image", "error", "The policy blocks this image as a whole. Its reasons: "+reasons)
	}
}

// addWhole adds a result that is about no finding, with a rule of its own.
func (b *sarifBuilder) addWhole(id, name, title, level, text string) {
	rule := len(b.rules)
	b.at[id] = rule
	about := "A result about the image as a whole, not about one finding in it."
	b.rules = append(b.rules, &sarifRule{whole: sarif.NewRule(id).WithName(name).
		WithDescription(title).WithFullDescription(sarif.NewMultiformatMessageString(about)).WithTextHelp(about).
		WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel("error")).
		WithProperties(sarif.Properties{"precision": "very-high", "problem.severity": "error", "tags": []string{"security"}})})
	f := finding.Finding{Layer: -1}
	for _, l := range b.result.Layers {
		if l.Dockerfile != nil {
			f.Layer = l.Index
			break
		}
	}
	b.append(id, rule, level, text, id, sarifLocation(b.result, &f))
}

// runProperties is what a reader of the file wants to know of the scan.
func runProperties(r *result.Result) sarif.Properties {
	p := sarif.Properties{
		"image":      map[string]any{"name": r.Image.Name, "digest": r.Image.Digest, "id": r.Image.ID, "platform": platform(r.Image.Platform)},
		"advisories": map[string]any{"location": r.Database.Location, "digest": r.Database.Digest, "newest": day(r.Database.Newest), "age": age(r.Database.Newest, r.Created)},
		"policy":     r.Policy,
		"verdict":    r.Verdict,
	}
	var remedies []string
	for _, m := range r.Remedies {
		remedies = append(remedies, remedy(m)+" in "+layerTitle(r, m.Layer))
	}
	if remedies != nil {
		p["remedies"] = remedies
	}
	return p
}
