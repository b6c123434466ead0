package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// group is what was found in one package of one layer. Packages that were
// built from one source, and copies of one package, usually share all of their
// findings: they share a group, so that people read them once.
type group struct {
	name   string   // the package; for other kinds of findings, the kind and the file
	names  []string // all packages of the group, name among them; sorted
	source string   // the source package, if the advisories name another
	paths  []string // the files that say so, for application packages; sorted

	packages   int // how many it stands for: names and copies
	version    string
	layer      int
	firstLayer int
	rows       []row // worst first
}

// row is findings of a group that differ by id alone.
type row struct {
	rowKey
	ids []string // sorted
}

// rowKey is all that a row shows besides ids.
type rowKey struct {
	severity  finding.Severity
	action    finding.Action
	fix       string // the version to take, or why there is none
	hasFix    bool   // fix is a version
	reason    string
	exception bool // the policy's rule alone would have decided otherwise
	exploited bool
}

// groupKey tells packages of a layer apart.
type groupKey struct {
	layer                             int
	kind, typ, name, version, src, at string
}

// groupsByLayer sorts findings into groups, worst first, by layer.
func groupsByLayer(r *result.Result) map[int][]group {
	members := make(map[groupKey][]*finding.Finding)
	var order []groupKey
	for i := range r.Findings {
		f := &r.Findings[i]
		k := keyOf(f)
		if members[k] == nil {
			order = append(order, k)
		}
		members[k] = append(members[k], f)
	}
	byLayer := make(map[int][]group)
	kin := make(map[groupSign]int) // places in byLayer[layer]
	for _, k := range order {
		g := newGroup(k, members[k], r.Policy.Rule)
		sign := g.sign(k)
		if i, ok := kin[sign]; ok {
			byLayer[k.layer][i].add(g)
			continue
		}
		kin[sign] = len(byLayer[k.layer])
		byLayer[k.layer] = append(byLayer[k.layer], g)
	}
	for _, groups := range byLayer {
		for i := range groups {
			groups[i].sortNames()
		}
		slices.SortStableFunc(groups, func(a, b group) int {
			return cmp.Or(worst(a.rows[0].rowKey, b.rows[0].rowKey), cmp.Compare(a.name, b.name), cmp.Compare(a.version, b.version))
		})
	}
	return byLayer
}

func keyOf(f *finding.Finding) groupKey {
	if f.Package == nil {
		return groupKey{layer: f.Layer, kind: string(f.Kind), name: strings.TrimSpace(string(f.Kind) + " " + f.Path)}
	}
	k := groupKey{
		layer: f.Layer, kind: string(f.Kind), typ: f.Package.Type,
		name: f.Package.Name, version: f.Package.Version, src: f.Package.Source,
	}
	if !ofDistro(f.Package.Type) {
		k.at = f.Path
	}
	return k
}

// ofDistro says whether a purl type is a distro's: the path is then the
// package database, which tells nobody anything.
func ofDistro(typ string) bool {
	switch typ {
	case "deb", "apk", "rpm":
		return true
	}
	return false
}

func newGroup(k groupKey, findings []*finding.Finding, rule string) group {
	g := group{name: k.name, names: []string{k.name}, packages: 1, source: k.src, version: k.version, layer: k.layer, firstLayer: k.layer}
	if k.at != "" {
		g.paths = []string{k.at}
	}
	rows := make(map[rowKey][]string)
	for _, f := range findings {
		if f.Package != nil {
			g.firstLayer = f.Package.FirstLayer
		}
		fix, hasFix := fixOf(f)
		rk := rowKey{
			severity: f.Severity, action: f.Verdict.Action, fix: fix, hasFix: hasFix, reason: f.Verdict.Reason,
			exception: f.Verdict.Rule != "" && f.Verdict.Rule != rule, exploited: f.KnownExploited,
		}
		rows[rk] = append(rows[rk], f.ID)
	}
	for rk, ids := range rows {
		slices.Sort(ids)
		g.rows = append(g.rows, row{rowKey: rk, ids: slices.Compact(ids)})
	}
	slices.SortFunc(g.rows, func(a, b row) int {
		return cmp.Or(worst(a.rowKey, b.rowKey), slices.Compare(a.ids, b.ids))
	})
	return g
}

// groupSign is the same for groups that say the same of their packages.
type groupSign struct {
	groupKey
	firstLayer int
	rows       [sha256.Size]byte
}

func (g *group) sign(k groupKey) groupSign {
	if k.typ != "" { // a package
		k.name, k.src, k.at = "", cmp.Or(k.src, k.name), ""
	}
	rows := sha256.New()
	for _, r := range g.rows {
		fmt.Fprintf(rows, "%#v %q\n", r.rowKey, r.ids)
	}
	return groupSign{k, g.firstLayer, [sha256.Size]byte(rows.Sum(nil))}
}

// add takes the packages of another group with the same findings; an image may
// have tens of thousands of copies, so they are sorted at the end.
func (g *group) add(o group) {
	g.names = append(g.names, o.names...)
	g.paths = append(g.paths, o.paths...)
	g.packages += o.packages
}

func (g *group) sortNames() {
	g.names, g.paths = insert(g.names, nil), insert(g.paths, nil)
	g.name = g.names[0]
}

func insert(to, more []string) []string {
	to = append(to, more...)
	slices.Sort(to)
	return slices.Compact(to)
}

// worst orders rows: what blocks first, then by severity.
func worst(a, b rowKey) int {
	return cmp.Or(cmp.Compare(weight(b.action), weight(a.action)), cmp.Compare(b.severity, a.severity),
		cmp.Compare(b2i(b.exploited), b2i(a.exploited)), cmp.Compare(a.fix, b.fix), cmp.Compare(a.reason, b.reason),
		cmp.Compare(b2i(a.exception), b2i(b.exception)))
}

func weight(a finding.Action) int {
	return slices.Index([]finding.Action{finding.Pass, finding.Ignore, finding.Alert, finding.Block}, a)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fixOf is the version to take, or why there is none.
func fixOf(f *finding.Finding) (fix string, isVersion bool) {
	switch f.FixState {
	case finding.Fixed:
		if len(f.FixedIn) > 0 {
			return f.FixedIn[0], true
		}
		return "fixed, not said in which", false
	case finding.NotFixed:
		return "no fix", false
	case finding.WillNotFix:
		return "won't fix", false
	case finding.FixUnknown:
		return "unknown", false
	}
	return "", false
}
