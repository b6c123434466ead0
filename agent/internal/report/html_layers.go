package report

import (
	"strconv"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// htmlStack is the image's layers with what was found in them.
type htmlStack struct {
	runs     []htmlRun
	homeless *htmlLayer
	anchors  map[htmlSubject]string
}

// htmlSubject is what a finding is about; its anchor is where it is on the page.
type htmlSubject struct {
	layer    int
	name, id string
}

// htmlRun is layers of one origin that follow each other.
type htmlRun struct {
	Origin   image.Origin
	Layers   []*htmlLayer
	Size     int64
	Findings int
	Gaps     int
	Actions  []htmlCount
}

// htmlLayer is one instruction: what it brought in, and what was found in that.
type htmlLayer struct {
	result.Layer
	Findings   int
	Gaps       int // what could not be read or decided in it
	Packs      []*htmlPack
	Severities []htmlCount // without zeros
	Actions    []htmlCount // without zeros
	SizeBar    string      // its length, of 100
	Segments   []htmlSegment
	Installed  []result.Package
	Open       bool
}

// htmlSegment is a piece of a bar.
type htmlSegment struct{ Severity, X, Width string }

// mostPackages is how many packages are named in one place. Ten thousands would
// hold up the browser for a list that nobody reads there.
const mostPackages = 1000

// Named is the packages that are named; Unnamed is how many are not.
func (l *htmlLayer) Named() []result.Package {
	return l.Installed[:min(len(l.Installed), mostPackages)]
}
func (l *htmlLayer) Unnamed() int { return len(l.Installed) - len(l.Named()) }

// Worst is the strictest action on any of the layer's findings, or "".
func (l *htmlLayer) Worst() string {
	if len(l.Actions) == 0 {
		return ""
	}
	return l.Actions[0].Name
}

func newHTMLStack(r *result.Result) htmlStack {
	s := htmlStack{anchors: make(map[htmlSubject]string)}
	packs := htmlPacks(r, s.anchors)
	installed := make(map[int][]result.Package)
	for _, p := range r.Packages {
		installed[p.Layer] = append(installed[p.Layer], p)
	}
	gaps := make(map[int]int)
	for _, g := range r.Incomplete {
		gaps[g.Layer]++
	}
	var layers []*htmlLayer
	var largest int64
	most := 0
	add := func(l result.Layer) *htmlLayer {
		it := newHTMLLayer(l, packs[l.Index])
		it.Installed, it.Gaps = installed[l.Index], gaps[l.Index]
		largest, most = max(largest, l.Size), max(most, it.Findings)
		layers = append(layers, it)
		return it
	}
	for _, l := range r.Layers {
		s.put(add(l))
	}
	if len(packs[-1]) > 0 {
		s.homeless = add(result.Layer{Index: -1})
	}
	for _, l := range layers {
		l.SizeBar = fixed(100 * float64(l.Size) / float64(max(largest, 1)))
		l.Segments = segments(l.Severities, l.Findings, most)
	}
	for i := range s.runs {
		s.runs[i].Actions = actionsIn(s.runs[i].packs())
	}
	return s
}

// put adds a layer to the run of its origin.
func (s *htmlStack) put(l *htmlLayer) {
	if n := len(s.runs); n == 0 || s.runs[n-1].Origin != l.Origin {
		s.runs = append(s.runs, htmlRun{Origin: l.Origin})
	}
	run := &s.runs[len(s.runs)-1]
	run.Layers = append(run.Layers, l)
	run.Size += l.Size
	run.Findings += l.Findings
	run.Gaps += l.Gaps
}

func (r htmlRun) packs() []*htmlPack {
	var packs []*htmlPack
	for _, l := range r.Layers {
		packs = append(packs, l.Packs...)
	}
	return packs
}

func newHTMLLayer(l result.Layer, packs []*htmlPack) *htmlLayer {
	it := &htmlLayer{Layer: l, Packs: packs, Severities: severitiesIn(packs), Actions: actionsIn(packs)}
	for _, p := range packs {
		it.Findings += p.Findings
	}
	it.Open = it.Worst() == string(finding.Block)
	return it
}

func severitiesIn(packs []*htmlPack) []htmlCount {
	var order []string
	for _, s := range finding.Severities {
		order = append(order, s.String())
	}
	return tallied(packs, order, func(r *htmlRow) string { return r.Severity.String() })
}

func actionsIn(packs []*htmlPack) []htmlCount {
	var order []string
	for _, a := range actions {
		order = append(order, string(a))
	}
	return tallied(packs, order, (*htmlRow).Action)
}

// tallied counts findings by name, in the order of the names, without zeros.
func tallied(packs []*htmlPack, order []string, name func(*htmlRow) string) []htmlCount {
	n := make(map[string]int)
	for _, p := range packs {
		for _, r := range p.Rows {
			n[name(r)] += r.Times()
		}
	}
	var counts []htmlCount
	for _, name := range order {
		if n[name] > 0 {
			counts = append(counts, htmlCount{name, n[name]})
		}
	}
	return counts
}

// leastBar is the length of the bar of a single finding beside thousands.
const leastBar = 6

// segments is a layer's bar: as long as its share of what the layer with most
// findings has, in the colours of its severities.
func segments(counts []htmlCount, findings, most int) []htmlSegment {
	if most == 0 {
		return nil
	}
	var list []htmlSegment
	whole := max(leastBar, 100*float64(findings)/float64(most))
	x := 0.0
	for _, c := range counts {
		width := whole * float64(c.N) / float64(findings)
		list = append(list, htmlSegment{c.Name, fixed(x), fixed(width)})
		x += width
	}
	return list
}

// fixed is a length in an SVG.
func fixed(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
