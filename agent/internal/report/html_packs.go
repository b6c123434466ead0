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

// htmlPack is what was found in one package of one layer, or in one file.
// Packages that were built from one source, and copies of one package, share
// one where all of their findings are alike, so that people read them once.
type htmlPack struct {
	Layer    int
	Kind     finding.Kind
	Names    []string // sorted; for a file, its path
	Package  *finding.Package
	Paths    []string // the files that say so, for application packages; sorted
	Rows     []*htmlRow
	Findings int
	Open     bool

	Severities []htmlCount
	Action     string   // the strictest
	Fixes      []string // the versions to take, distinct
	Upgrade    []string // the version that clears what blocks, as the remedies say
}

// htmlRow is a finding, and its like in the pack's other packages.
type htmlRow struct {
	*finding.Finding
	Anchor string
	Others []string // anchors of its like
}

// Times is how many findings the row stands for.
func (r *htmlRow) Times() int { return 1 + len(r.Others) }

// Action is the policy's answer.
func (r *htmlRow) Action() string { return string(r.Verdict.Action) }

// EPSSRank sorts by EPSS, without one last.
func (r *htmlRow) EPSSRank() string {
	if r.EPSS == nil {
		return "-1"
	}
	return fmt.Sprintf("%.5f", *r.EPSS)
}

// htmlPacks sorts findings into packs by layer, worst first, and fills anchors.
func htmlPacks(r *result.Result, anchors map[htmlSubject]string) map[int][]*htmlPack {
	members := make(map[groupKey][]*htmlRow)
	var order []groupKey
	taken := make(map[string]int)
	for i := range r.Findings {
		f := &r.Findings[i]
		k := keyOf(f)
		if members[k] == nil {
			order = append(order, k)
		}
		row := &htmlRow{Finding: f, Anchor: newAnchor(f, taken)}
		members[k] = append(members[k], row)
		s := htmlSubject{f.Layer, f.Path, f.ID}
		if f.Package != nil {
			s.name = f.Package.Name
		}
		if anchors[s] == "" {
			anchors[s] = row.Anchor
		}
	}
	byLayer := make(map[int][]*htmlPack)
	alike := make(map[htmlSign]*htmlPack)
	for _, k := range order {
		p := newHTMLPack(members[k])
		sign := p.sign(k)
		if like := alike[sign]; like != nil {
			like.add(p)
			continue
		}
		alike[sign] = p
		byLayer[k.layer] = append(byLayer[k.layer], p)
	}
	upgrade(byLayer, r.Remedies)
	openWorst(byLayer)
	for _, packs := range byLayer {
		slices.SortStableFunc(packs, func(a, b *htmlPack) int {
			return cmp.Or(worstRow(a.Rows[0], b.Rows[0]), slices.Compare(a.Names, b.Names))
		})
		for _, p := range packs {
			p.Severities = severitiesIn([]*htmlPack{p})
		}
	}
	return byLayer
}

func newHTMLPack(rows []*htmlRow) *htmlPack {
	slices.SortStableFunc(rows, worstRow)
	f := rows[0].Finding
	p := &htmlPack{Kind: f.Kind, Package: f.Package, Rows: rows, Findings: len(rows), Action: string(f.Verdict.Action), Layer: f.Layer}
	switch {
	case f.Package == nil:
		p.Names = []string{cmp.Or(f.Path, "the image")}
	default:
		p.Names = []string{f.Package.Name}
		if !ofDistro(f.Package.Type) && f.Path != "" {
			p.Paths = []string{f.Path}
		}
	}
	for _, r := range rows {
		if fix, ok := fixOf(r.Finding); ok && !slices.Contains(p.Fixes, fix) {
			p.Fixes = append(p.Fixes, fix)
		}
	}
	return p
}

// worstRow orders rows: what blocks first, then by severity.
func worstRow(a, b *htmlRow) int {
	return cmp.Or(cmp.Compare(weight(b.Verdict.Action), weight(a.Verdict.Action)), cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(b2i(b.KnownExploited), b2i(a.KnownExploited)), cmp.Compare(b.EPSSRank(), a.EPSSRank()), cmp.Compare(a.ID, b.ID))
}

// htmlSign is the same for packs that people read as one.
type htmlSign struct {
	groupKey
	firstLayer int
	rows       string
}

func (p *htmlPack) sign(k groupKey) htmlSign {
	s := htmlSign{groupKey: k}
	if k.typ != "" { // a package
		s.name, s.src, s.at = "", cmp.Or(k.src, k.name), ""
		s.firstLayer = p.Package.FirstLayer
	}
	var b strings.Builder
	for _, r := range p.Rows {
		fix, _ := fixOf(r.Finding)
		fmt.Fprintf(&b, "%q %d %q %q %t ", r.ID, r.Severity, fix, r.Verdict, r.KnownExploited)
	}
	s.rows = b.String()
	return s
}

// add takes in a pack with the same sign.
func (p *htmlPack) add(o *htmlPack) {
	p.Names = insert(p.Names, o.Names)
	p.Paths = insert(p.Paths, o.Paths)
	p.Findings += o.Findings
	for i, r := range p.Rows {
		r.Others = append(r.Others, o.Rows[i].Anchor)
	}
}

// upgrade tells packs what the remedies say of them.
func upgrade(byLayer map[int][]*htmlPack, remedies []result.Remedy) {
	for _, m := range remedies {
		for _, p := range byLayer[m.Layer] {
			if p.Package != nil && p.Package.Type == m.Type && p.Package.Version == m.From && slices.Contains(m.Packages, p.Names[0]) {
				p.Upgrade = m.To
			}
		}
	}
}

// Packs with something that blocks are open from the start, unless there are
// so many that they would bury each other.
const (
	openPacks = 12
	openRows  = 25
)

func openWorst(byLayer map[int][]*htmlPack) {
	var blocking []*htmlPack
	for _, packs := range byLayer {
		for _, p := range packs {
			if p.Action == string(finding.Block) {
				blocking = append(blocking, p)
			}
		}
	}
	if len(blocking) > openPacks {
		return
	}
	for _, p := range blocking {
		p.Open = len(p.Rows) <= openRows
	}
}

// plainFingerprint is what our own fingerprints look like.
var plainFingerprint = regexp.MustCompile(`^[0-9a-f]{32}$`)

// newAnchor is a finding's permalink: by its fingerprint, so that it leads to
// the same finding in the next build's page. Findings with the same one, such
// as two versions of a package, are counted. taken counts what was given out.
func newAnchor(f *finding.Finding, taken map[string]int) string {
	name := f.Fingerprint
	if !plainFingerprint.MatchString(name) {
		sum := sha256.Sum256([]byte(name))
		name = hex.EncodeToString(sum[:16])
	}
	taken[name]++
	if n := taken[name]; n > 1 {
		return fmt.Sprintf("f-%s-%d", name, n)
	}
	return "f-" + name
}
