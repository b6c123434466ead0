package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// helpPlaces is how many places of a finding a rule's help lists.
const helpPlaces = 20

// worst is the finding whose severity stands for the rule: the distro's package
// and the language's may be rated differently.
func (rule *sarifRule) worst() *finding.Finding {
	return slices.MaxFunc(rule.findings, func(a, b *finding.Finding) int { return cmp.Compare(a.Severity, b.Severity) })
}

// description is what is known of the id itself, in sentences.
func (rule *sarifRule) description() string {
	return strings.Join(idFacts(rule.worst(), EscapeTerminal), " ")
}

// idFacts are sentences about a finding's id, without its place; quote writes
// what is not ours.
func idFacts(f *finding.Finding, quote func(string) string) []string {
	said := []string{fmt.Sprintf("%s: %s %s", quote(f.ID), f.Severity, kindWord(f.Kind))}
	if f.SeveritySource != "" {
		said[0] += ", says " + quote(f.SeveritySource)
	}
	said[0] += "."
	if rating, ok := cvss(f, "CVSS_V4", "CVSS_V3", "CVSS_V2"); ok {
		said = append(said, fmt.Sprintf("CVSS %.1f (%s, %s).", rating.Score, quote(rating.Vector), quote(rating.Source)))
	}
	if f.KnownExploited {
		said = append(said, "It is known to be exploited (CISA).")
	}
	if f.EPSS != nil {
		said = append(said, fmt.Sprintf("EPSS: %.1f %% within 30 days.", 100**f.EPSS))
	}
	if len(f.Aliases) > 0 {
		said = append(said, "Also known as "+quote(strings.Join(f.Aliases, ", "))+".")
	}
	return said
}

// help is what is known of the id, and every place where it was found, in both
// of SARIF's forms.
func (rule *sarifRule) help(r *result.Result) *sarif.MultiformatMessageString {
	text := rule.helpIn(r, EscapeTerminal, func(s string) string { return s })
	markdown := rule.helpIn(r, quoteCode, func(url string) string { return "<" + url + ">" })
	return sarif.NewMultiformatMessageString(unlinked(text)).WithMarkdown(markdown)
}

// helpIn writes the help; quote writes what comes from an image, link a link
// of ours. The rest means the same in plain text and in Markdown.
func (rule *sarifRule) helpIn(r *result.Result, quote, link func(string) string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nFound in %s:\n\n", strings.Join(idFacts(rule.worst(), quote), " "), count(len(rule.findings), "place"))
	for i, f := range rule.findings {
		if i == helpPlaces {
			fmt.Fprintf(&b, "- and in %d more\n", len(rule.findings)-i)
			break
		}
		fmt.Fprintf(&b, "- %s (%s) in %s\n", quote(subject(f)), f.Severity, quote(layerTitle(r, f.Layer)))
		for _, fact := range placeFacts(r, f) {
			fmt.Fprintf(&b, "  - %s: %s\n", fact.name, quote(fact.text))
		}
	}
	if url := Link(rule.findings[0].ID); url != "" {
		fmt.Fprintf(&b, "\nMore: %s\n", link(url))
	}
	return b.String()
}

// labelled is something to know, with its name. The text is not escaped.
type labelled struct{ name, text string }

// placeFacts are what differs from one place of an id to the next.
func placeFacts(r *result.Result, f *finding.Finding) []labelled {
	var facts []labelled
	add := func(name, text string) {
		if text != "" {
			facts = append(facts, labelled{name, text})
		}
	}
	if l, ok := layerAt(r, f.Layer); ok {
		if l.Origin != "" {
			add("origin", string(l.Origin))
		}
		if l.Dockerfile != nil {
			add("Dockerfile", place(*l.Dockerfile))
		}
	}
	if f.Package != nil {
		if f.Package.Source != f.Package.Name {
			add("built from", f.Package.Source)
		}
		fix, _ := fixOf(f)
		add("fix", cmp.Or(strings.Join(f.FixedIn, ", "), fix))
	}
	add("file", f.Path)
	add("verdict", verdictSentence(f))
	add("what to do", solution(r, f))
	return facts
}

// quoteCode quotes text of an image for Markdown, where nothing in it counts:
// no markup, no link, no mention. A run of backticks ends a span only if it is
// as long as the one that began it.
func quoteCode(s string) string {
	s = EscapeTerminal(s)
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	if len(fence) > 1 || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") || s == "" {
		s = " " + s + " "
	}
	return fence + s + fence
}
