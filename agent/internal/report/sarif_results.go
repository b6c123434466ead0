package report

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// sarifBuilder gathers the rules and results of a run.
type sarifBuilder struct {
	result  *result.Result
	rules   []*sarifRule
	at      map[string]int // places in rules, by id
	seen    map[string]int // how often a fingerprint was there
	results []sarifResult
}

// add adds a finding.
func (b *sarifBuilder) add(f *finding.Finding) {
	rule := b.rule(f)
	res := b.append(b.rules[rule].id, rule, sarifLevel(f.Verdict.Action), findingMessage(b.result, f), f.Fingerprint, sarifLocation(b.result, f))
	res.Properties = findingProperties(b.result, f)
	if excepted(b.result, f) {
		res.Suppressions = []sarifSuppression{{Kind: "external", Status: "accepted", Justification: EscapeTerminal(f.Verdict.Reason)}}
	}
}

// append adds a result. Its fingerprint has two parts as CodeQL's: what it is,
// and the how-manieth of those it is. Of all fingerprints GitHub reads this one.
func (b *sarifBuilder) append(ruleID string, rule int, level, text, fingerprint string, at *sarif.Location) *sarifResult {
	b.seen[fingerprint]++
	res := sarif.NewRuleResult(ruleID).WithRuleIndex(rule).WithLevel(level).
		WithMessage(sarif.NewTextMessage(unlinked(text))).WithLocations([]*sarif.Location{at})
	res.PartialFingerprints = map[string]any{"primaryLocationLineHash": fmt.Sprintf("%s:%d", fingerprint, b.seen[fingerprint])}
	b.results = append(b.results, sarifResult{Result: res, Suppressions: []sarifSuppression{}})
	return &b.results[len(b.results)-1]
}

// sarifLevel is an action on SARIF's scale. What is ignored is still reported.
func sarifLevel(a finding.Action) string {
	switch a {
	case finding.Block:
		return "error"
	case finding.Alert:
		return "warning"
	}
	return "note"
}

// excepted says whether an exception is why a finding is ignored, not the rule.
func excepted(r *result.Result, f *finding.Finding) bool {
	return f.Verdict.Action == finding.Ignore && f.Verdict.Rule != "" && f.Verdict.Rule != r.Policy.Rule
}

// findingMessage says in sentences what is wrong, what the policy makes of it
// and what to do. Lists show the first sentence. It is escaped.
func findingMessage(r *result.Result, f *finding.Finding) string {
	said := []string{EscapeTerminal(title(f)) + ".", EscapeTerminal(verdictSentence(f))}
	if f.KnownExploited {
		said = append(said, "It is known to be exploited.")
	}
	return strings.Join(append(said, EscapeTerminal(solution(r, f))), " ")
}

// verdictSentence is a finding's verdict: "Blocked: critical and fixed in 2.15.0."
func verdictSentence(f *finding.Finding) string {
	word := map[finding.Action]string{finding.Block: "Blocked", finding.Alert: "Alert", finding.Ignore: "Ignored"}[f.Verdict.Action]
	return cmp.Or(word, "Passed") + ": " + cmp.Or(f.Verdict.Reason, "no reason given") + "."
}

// unlinked keeps text of an image from being an embedded link, [text](target):
// SARIF has those in plain text too. Braces mean something only in messages
// with arguments, which we have none of.
func unlinked(s string) string { return strings.ReplaceAll(s, "](", "] (") }

// The bases of relative URIs. They have no URI of their own: where sources and
// image lie is not known to us.
const (
	sourceRoot = "%SRCROOT%"
	imageRoot  = "IMAGEROOT"
)

// sarifLocation is where to look: the instruction in the Dockerfile if that is
// known, else the file in the image, else the image.
func sarifLocation(r *result.Result, f *finding.Finding) *sarif.Location {
	file, root, line, end := cmp.Or(relativeURI(f.Path), relativeURI(imageRepository(r.Image))), imageRoot, 1, 1
	l, known := layerAt(r, f.Layer)
	if p := l.Dockerfile; known && p != nil {
		file, root, line, end = cmp.Or(relativeURI(p.Path), "Dockerfile"), sourceRoot, max(p.Line, 1), max(p.EndLine, p.Line, 1)
	}
	at := sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
		WithArtifactLocation(sarif.NewSimpleArtifactLocation(file).WithUriBaseId(root)).
		WithRegion(sarif.NewSimpleRegion(line, end).WithStartColumn(1)))
	if known {
		at.AddLogicalLocations(sarif.NewLogicalLocation().WithKind("layer").
			WithName(layerName(l.Index, l.Origin)).WithFullyQualifiedName(EscapeTerminal(layerTitle(r, f.Layer))))
	}
	if p := f.Package; p != nil {
		at.AddLogicalLocations(sarif.NewLogicalLocation().WithKind("package").
			WithName(EscapeTerminal(p.Name)).WithFullyQualifiedName(EscapeTerminal(cmp.Or(p.PURL, p.Name))))
	}
	return at
}

// relativeURI is a path as a URI below some root: never absolute, never
// leaving the root, and never with what looks like a scheme. It is empty for
// the root itself.
func relativeURI(p string) string {
	parts := strings.Split(strings.TrimPrefix(path.Clean("/"+p), "/"), "/")
	for i, s := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(s), ":", "%3A")
	}
	return strings.Join(parts, "/")
}

// findingProperties is what programmes want to know of a finding.
func findingProperties(r *result.Result, f *finding.Finding) sarif.Properties {
	p := sarif.Properties{
		"kind": f.Kind, "severity": f.Severity.String(), "layer": f.Layer,
		"verdict": f.Verdict, "knownExploited": f.KnownExploited,
	}
	if l, ok := layerAt(r, f.Layer); ok && l.Origin != "" {
		p["origin"] = l.Origin
	}
	if f.Package != nil {
		p["package"], p["fixState"], p["fixedIn"] = EscapeTerminal(f.Package.PURL), f.FixState, append([]string{}, f.FixedIn...)
	}
	if f.Path != "" {
		p["path"] = EscapeTerminal(f.Path)
	}
	if f.EPSS != nil {
		p["epss"] = *f.EPSS
	}
	if len(f.Aliases) > 0 {
		p["aliases"] = f.Aliases
	}
	return p
}
