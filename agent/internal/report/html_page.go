package report

import (
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// htmlPage is a result as the templates need it. Its texts are not escaped.
type htmlPage struct {
	*result.Result
	htmlLinks
	State      string // of the verdict: pass, alert, block or incomplete
	FileLayers int    // layers that have files
	Size       int64
	Severities []htmlCount
	Actions    []htmlCount
	Many       bool           // there are so many findings that a browser should lay out only what is seen
	Kinds      []finding.Kind // those that were found
	Exploited  int            // findings that are known to be exploited
	EndOfLife  bool           // the distro's vendor has ended its support
	Gaps       []htmlGap
	Remedies   []htmlRemedies
	Runs       []htmlRun
	Homeless   *htmlLayer // findings of no layer that can be named; nil without any
}

// htmlCount is how many findings are of one severity or action.
type htmlCount struct {
	Name string
	N    int
}

// htmlGap is gaps for one reason.
type htmlGap struct {
	Kind   finding.GapKind
	Layer  int
	Reason string
	Gaps   []finding.Gap
}

// htmlRemedies is what to change in one instruction.
type htmlRemedies struct {
	Layer    result.Layer
	Known    bool // there is such a layer
	Base     bool
	Remedies []htmlRemedy
}

type htmlRemedy struct {
	result.Remedy
	Clears []htmlAnchor
}

// htmlAnchor is an id, and where on the page its finding is; "" when nowhere.
type htmlAnchor struct{ ID, Anchor string }

func newHTMLPage(r *result.Result, links htmlLinks) *htmlPage {
	p := &htmlPage{Result: r, htmlLinks: links, State: htmlState(r.Verdict)}
	for _, l := range r.Layers {
		p.Size += l.Size
		if !l.Empty {
			p.FileLayers++
		}
	}
	for _, s := range finding.Severities {
		p.Severities = append(p.Severities, htmlCount{s.String(), r.Totals.BySeverity[s.String()]})
	}
	for _, a := range actions {
		p.Actions = append(p.Actions, htmlCount{string(a), r.Totals.ByAction[string(a)]})
	}
	p.EndOfLife = r.Distro != nil && r.Distro.EndOfLife != "" && r.Distro.EndOfLife < day(r.Created)
	p.Kinds, p.Exploited = kindsOf(r.Findings)
	p.Many = len(r.Findings) > manyFindings
	if p.Gaps = htmlGaps(r); len(p.Gaps) == 1 && r.Failed != "" && p.Gaps[0].Reason == r.Failed {
		p.Gaps = nil // it is said already
	}
	stack := newHTMLStack(r)
	p.Runs, p.Homeless = stack.runs, stack.homeless
	p.Remedies = htmlRemediesOf(r, stack.anchors)
	return p
}

// manyFindings is about what a browser lays out in a tenth of a second.
const manyFindings = 500

func htmlState(v result.Verdict) string {
	if v.ExitCode == 1 {
		return "incomplete"
	}
	return string(v.Action)
}

func kindsOf(findings []finding.Finding) (kinds []finding.Kind, exploited int) {
	seen := make(map[finding.Kind]bool)
	for i := range findings {
		if k := findings[i].Kind; !seen[k] {
			seen[k] = true
			kinds = append(kinds, k)
		}
		exploited += b2i(findings[i].KnownExploited)
	}
	return kinds, exploited
}

func htmlGaps(r *result.Result) []htmlGap {
	var list []htmlGap
	for _, g := range gapsByReason(r) {
		list = append(list, htmlGap{Kind: g.kind, Layer: g.layer, Reason: g.reason, Gaps: g.gaps})
	}
	return list
}

// Gone is the removed packages that are named; GoneUnnamed is how many are not.
func (p *htmlPage) Gone() []result.Removed { return p.Removed[:min(len(p.Removed), mostPackages)] }
func (p *htmlPage) GoneUnnamed() int       { return len(p.Removed) - len(p.Gone()) }

// Shown is the gaps that are named at once; Folded are the others.
func (g htmlGap) Shown() []finding.Gap  { return g.Gaps[:min(len(g.Gaps), subjectsShown)] }
func (g htmlGap) Folded() []finding.Gap { return g.Gaps[len(g.Shown()):] }

func htmlRemediesOf(r *result.Result, anchors map[htmlSubject]string) []htmlRemedies {
	var list []htmlRemedies
	for _, m := range r.Remedies {
		if n := len(list); n == 0 || list[n-1].Layer.Index != m.Layer {
			l, ok := layerAt(r, m.Layer)
			list = append(list, htmlRemedies{Layer: l, Known: ok, Base: l.Origin == image.OriginBase})
		}
		it := htmlRemedy{Remedy: m}
		for _, id := range m.IDs {
			it.Clears = append(it.Clears, htmlAnchor{id, anchorOf(anchors, m, id)})
		}
		last := &list[len(list)-1]
		last.Remedies = append(last.Remedies, it)
	}
	return list
}

// anchorOf finds the first finding that a remedy clears by an id.
func anchorOf(anchors map[htmlSubject]string, m result.Remedy, id string) string {
	for _, names := range [][]string{m.Packages, m.Paths} {
		for _, name := range names {
			if a := anchors[htmlSubject{m.Layer, name, id}]; a != "" {
				return a
			}
		}
	}
	return ""
}
