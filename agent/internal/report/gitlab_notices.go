package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// notice is something that no finding says and without which a report would
// look better than the scan was.
type notice struct {
	id       string // what it is: "scan-failed", "gap-unreadable", …
	title    string
	reason   string
	layer    int      // -1 where none can be named
	subjects []string // what gaps are about, and the advisories that they leave open
	grave    bool     // the policy does not accept it
	key      string   // tells it from others, and is the same in every build
}

// notices are the failure, the gaps by their reason, and a verdict that no
// finding or gap explains: an index that is too old, a distro past its end of
// life, no rule for the image.
func notices(r *result.Result) []notice {
	grave := r.Verdict.Incomplete || r.Failed != ""
	var list []notice
	if r.Failed != "" {
		list = append(list, notice{id: "scan-failed", title: "The scan could not be completed", reason: r.Failed, layer: -1, grave: true})
	}
	for _, group := range gapsByReason(r) {
		if r.Failed != "" && group.reason == r.Failed {
			continue // said above
		}
		n := notice{id: "gap-" + string(group.kind), title: fmt.Sprintf("Incomplete scan (%s)", group.kind), reason: group.reason, layer: group.layer, grave: grave}
		for _, g := range group.gaps {
			if g.Subject != "" {
				n.subjects = append(n.subjects, g.Subject)
			}
			n.subjects = append(n.subjects, g.IDs...)
		}
		list = append(list, n)
	}
	reasons := strings.Join(r.Verdict.Reasons, "; ")
	blocks := func(f finding.Finding) bool { return f.Verdict.Action == finding.Block }
	switch {
	case len(list) == 0 && r.Verdict.Incomplete:
		list = append(list, notice{id: "scan-incomplete", title: "The scan is incomplete", reason: reasons, layer: -1, grave: true})
	case len(list) == 0 && r.Verdict.Action == finding.Block && !slices.ContainsFunc(r.Findings, blocks):
		list = append(list, notice{id: "image-blocked", title: "The policy blocks the image", reason: reasons, layer: -1, grave: true})
	}
	signNotices(r, list)
	return list
}

// varying is what another build of the same image may change in a reason.
var varying = regexp.MustCompile(`[0-9a-f]{32,}|[0-9]+`)

// signNotices gives notices their keys: made of the reason and the instruction,
// never of a digest or a layer's place. Those that agree are numbered.
func signNotices(r *result.Result, list []notice) {
	seen := make(map[string]int)
	for i := range list {
		n := &list[i]
		l, _ := layerAt(r, n.layer)
		sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q", n.id, varying.ReplaceAllString(cutField(n.reason), "*"), varying.ReplaceAllString(cutField(l.Instruction), "*")))
		n.key = distinctID(seen, hex.EncodeToString(sum[:16]))
	}
}

// sentence is all of a notice, in plain text.
func (n *notice) sentence(r *result.Result) string {
	s := n.title
	if _, ok := layerAt(r, n.layer); ok {
		s += " in " + layerTitle(r, n.layer)
	}
	if n.reason != "" {
		s += ": " + n.reason
	}
	if len(n.subjects) > 0 {
		s += " (" + strings.Join(n.subjects[:min(len(n.subjects), subjectsShown)], ", ")
		if more := len(n.subjects) - subjectsShown; more > 0 {
			s += fmt.Sprintf(", and %d more", more)
		}
		s += ")"
	}
	return s
}

// entry is a notice as a vulnerability. Unknown is GitLab's word for what is
// not known and has to be looked into.
func (n *notice) entry(r *result.Result, locate func(name, version string) any) gitlabEntry {
	severity := "Unknown"
	if n.grave {
		severity = "Critical"
	}
	said := "This is no vulnerability, but some may be missing: " + prose(cmp.Or(n.reason, n.title), maxText) + "."
	if n.id == "image-blocked" {
		said = "This is no vulnerability, but a reason of the policy to block the image: " + prose(n.reason, maxText) + "."
	}
	if _, ok := layerAt(r, n.layer); ok {
		said += "\n\nIt is about " + layerInMarkdown(r, n.layer) + "."
	}
	return gitlabEntry{
		ID:          entryID("layergate_notice", n.key),
		Name:        clip(EscapeTerminal(n.title), maxName),
		Description: said,
		Severity:    severity,
		Identifiers: []gitlabIdentifier{{Type: "layergate_notice", Name: clipName(n.id, maxIdentifier), Value: n.key}},
		Location:    locate("the scan", ""),
		Details:     n.details(r),
	}
}

func (n *notice) details(r *result.Result) gitlabDetails {
	details := make(gitlabDetails)
	details.text("reason", "Reason", n.reason)
	if l, ok := layerAt(r, n.layer); ok {
		details.text("layer", "Layer", layerTitle(r, n.layer))
		details.dockerfile(l)
	}
	if len(n.subjects) == 0 {
		return details
	}
	list := gitlabDetail{Name: "About", Type: "list"}
	for _, s := range n.subjects[:min(len(n.subjects), maxRows)] {
		list.Items = append(list.Items, textDetail(s))
	}
	if more := len(n.subjects) - maxRows; more > 0 {
		list.Items = append(list.Items, textDetail(andMore(more)))
	}
	details["about"] = list
	return details
}

func andMore(n int) string { return fmt.Sprintf("and %d more, all of them in the JSON report", n) }
