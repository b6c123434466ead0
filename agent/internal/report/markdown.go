package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// maxMarkdown is how many bytes a summary has at most. GitHub's comments take
// 65,536 characters, the least of all places that show one (GitLab's notes
// 1,000,000 characters, GitHub's job summaries 1 MiB); what posts it may add a
// few thousand of its own.
const maxMarkdown = 60_000

// What one summary shows of what has no end.
const (
	reasonsShown        = 10 // of the verdict, notes and gaps
	sourcesShown        = 30
	idsInCell           = 20
	maxSentence         = 300 // characters of a sentence with an image's words in it
	maxCellName         = 120 // characters of a name, version or path
	maxInstructionShown = 200 // characters of an instruction
)

// writeMarkdown writes the summary of a merge request's note, a comment or a
// job's page. It is read from the top: the verdict, what clears it, what blocks,
// and folded away what alerts. What does not fit is counted.
func writeMarkdown(w io.Writer, r *result.Result, _ Options) error {
	m := markdown{result: r, groups: groupsByLayer(r)}
	footer := m.footer()
	m.limit = maxMarkdown - len(footer)
	m.verdict()
	m.gaps()
	m.remedies()
	m.findings(finding.Block, "What blocks", "")
	m.findings(finding.Alert, "", "Alerts")
	m.buf.WriteString(footer)
	_, err := w.Write(m.buf.Bytes())
	return err
}

// markdown is a summary in the making. Text of an image gets into it through
// code, prose, cell and link only, and never stands first in a line, where it
// could be a heading, a quick action or front matter.
type markdown struct {
	buf    bytes.Buffer
	limit  int // of buf, in bytes
	result *result.Result
	groups map[int][]group
}

// noteRoom is what is kept free for saying what was left out.
const noteRoom = 1000

// add writes a piece if it fits.
func (m *markdown) add(piece string) bool { return m.addUpTo(m.limit-noteRoom, piece) }

func (m *markdown) addUpTo(limit int, piece string) bool {
	if m.buf.Len()+len(piece) > limit {
		return false
	}
	m.buf.WriteString(piece)
	return true
}

// addf writes what always fits.
func (m *markdown) addf(format string, args ...any) { fmt.Fprintf(&m.buf, format, args...) }

// verdict is the first thing read: the verdict, its reasons and the image.
func (m *markdown) verdict() {
	r := m.result
	m.addf("## Layergate: %s\n\n%s (exit code %d)\n", verdictWord(r.Verdict), code(firstOf(r.Image.Name, "unnamed"), maxInstructionShown), r.Verdict.ExitCode)
	if r.Failed != "" {
		m.addf("\n**The scan could not be completed:** %s\n", prose(r.Failed, maxSentence))
	}
	m.list(r.Verdict.Reasons, "reason")
	if d := r.Distro; d != nil && ended(d.EndOfLife, r.Created) {
		m.addf("\nThe distro, %s, has been out of support since %s: expect no more fixes.\n", code(firstOf(d.Name, d.ID, "unnamed"), maxCellName), d.EndOfLife)
	}
	if len(r.Image.Notes) > 0 {
		m.addf("\nOf the image:\n")
		m.list(r.Image.Notes, "note")
	}
}

// ended says whether a day has passed, if it is one.
func ended(date string, now time.Time) bool {
	t, err := time.Parse(time.DateOnly, date)
	return err == nil && t.Before(now)
}

// list writes sentences as a list of their own.
func (m *markdown) list(sentences []string, what string) {
	if len(sentences) == 0 {
		return
	}
	m.addf("\n")
	for _, s := range sentences[:min(len(sentences), reasonsShown)] {
		m.addf("- %s\n", prose(s, maxSentence))
	}
	if n := len(sentences) - reasonsShown; n > 0 {
		m.addf("- and %s\n", count(n, "more "+what))
	}
}

// gaps says what the scan could not do, before all that it did.
func (m *markdown) gaps() {
	n := len(m.result.Incomplete)
	if n == 0 {
		return
	}
	m.addf("\n### Incomplete: %s could not be read or decided, so findings may be missing\n\n", count(n, "thing"))
	groups := gapsByReason(m.result)
	for _, g := range groups[:min(len(groups), reasonsShown)] {
		m.addf("- **%s**: %s", prose(g.what(m.result), maxCellName), prose(g.reason, maxSentence))
		if subject := g.gaps[0].Subject; subject != "" {
			m.addf(" (%s)", code(subject, maxCellName))
		}
		if n := len(g.gaps) - 1; n > 0 {
			m.addf(", and %s", count(n, "more thing"))
		}
		m.addf("\n")
	}
	if n := len(groups) - reasonsShown; n > 0 {
		m.addf("- and %s\n", count(n, "more reason"))
	}
}

// remedies says what to change, by instruction. It leaves half of the room to
// what blocks.
func (m *markdown) remedies() {
	remedies := m.result.Remedies
	if len(remedies) == 0 {
		return
	}
	m.addf("\n### To clear what blocks\n\n")
	for i, rem := range remedies {
		var item strings.Builder
		if i == 0 || rem.Layer != remedies[i-1].Layer {
			fmt.Fprintf(&item, "- %s%s\n", m.where(rem.Layer), advice(m.result, rem.Layer))
		}
		fmt.Fprintf(&item, "  - %s\n", prose(remedy(rem), maxSentence))
		if !m.addUpTo(m.limit/2, item.String()) {
			m.addf("- and %s\n", count(len(remedies)-i, "more change"))
			return
		}
	}
}

// where names an instruction: its layer, its place in the Dockerfile, itself.
func (m *markdown) where(index int) string {
	l, ok := layerAt(m.result, index)
	if !ok {
		return noLayer
	}
	said := layerName(index, l.Origin)
	if l.Dockerfile != nil {
		said += ", " + code(place(*l.Dockerfile), maxCellName)
	}
	return said + ": " + code(instruction(l), maxInstructionShown)
}

// advice is what to do about what one did not write oneself.
func advice(r *result.Result, index int) string {
	if l, _ := layerAt(r, index); l.Origin == image.OriginBase {
		return "; take a newer base image, or upgrade in a layer of your own:"
	}
	return ""
}

// footer is what all this is based on. It is last, and always there.
func (m *markdown) footer() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n**Total:** %s\n\n", strings.Join(totals(m.result), ", "))
	d := m.result.Database
	if len(d.Sources) == 0 && d.Built.IsZero() {
		b.WriteString("**Advisories:** none were used\n")
	} else {
		fmt.Fprintf(&b, "**Advisories:** %s; %s\n", prose(indexInWords(m.result), maxSentence), sourceDates(d.Sources))
	}
	if p := m.result.Policy; p.Location != "" {
		fmt.Fprintf(&b, "\n**Policy:** %s, rule %s\n", code(p.Location, maxCellName), firstOf(code(p.Rule, maxCellName), "none"))
	}
	return b.String()
}

// sourceDates is how old each source is: a fresh index can hold an old one.
func sourceDates(sources []result.Source) string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = sourceDate(s)
	}
	return listed(names, sourcesShown, func(s string) string { return prose(s, maxCellName) })
}

func sourceDate(s result.Source) string {
	said := s.Name + " " + day(s.Date)
	if s.Partial {
		said += " (partial)"
	}
	return said
}

// totals counts findings by severity and by action, in words of our own.
func totals(r *result.Result) []string {
	said := []string{count(len(r.Findings), "finding")}
	for _, s := range finding.Severities {
		if n := r.Totals.BySeverity[s.String()]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, s))
		}
	}
	for _, a := range actions {
		if n := r.Totals.ByAction[string(a)]; n > 0 {
			said = append(said, fmt.Sprintf("%d %s", n, actionWord(a)))
		}
	}
	if len(r.Findings) > 0 {
		said = append(said, fmt.Sprintf("%d with a fix", r.Totals.Fixable))
	}
	return said
}
