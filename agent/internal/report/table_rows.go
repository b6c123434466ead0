package report

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
)

// The columns of a finding's row.
const (
	colPackage = iota
	colInstalled
	colFixed
	colID
	colSeverity
	colVerdict
	columnCount
)

var headings = [columnCount]string{"PACKAGE", "INSTALLED", "FIXED IN", "VULNERABILITY", "SEVERITY", "VERDICT"}

// Rows that differ by id alone and do not block are listed in one row from
// this many on: a base image's hundreds of minor findings stay readable, and
// none is left out.
const collapseFrom = 3

const rowIndent = 2

// group writes a package's rows, its name and version in the first only, and
// below them where it is.
func (t *table) group(starts [columnCount]int, g group) {
	name, version := g.name, g.version
	var noted []span
	for _, r := range g.rows {
		notes := r.notes()
		if slices.Equal(notes, noted) {
			notes = nil
		} else {
			noted = notes
		}
		for _, ids := range r.lines() {
			id := linked(plain, ids[0])
			if len(ids) > 1 {
				id = text(plain, fmt.Sprintf("%d listed below", len(ids)))
			}
			t.row(starts, []span{
				text(bold, name), text(plain, version), text(plain, r.fix), id,
				text(severityStyle(r.severity), r.severity.String()), text(actionStyle(r.action), actionWord(r.action)),
			}, notes...)
			name, version, notes = "", "", nil
			if len(ids) > 1 {
				t.ids(2*rowIndent, ids)
			}
		}
	}
	if where := t.whereabouts(g); where != "" {
		t.paragraph(2*rowIndent, 3*rowIndent, faint, where)
	}
}

// placesShown is how many files of one package are named.
const placesShown = 3

// whereabouts says where a group's packages are, and which else it is about.
func (t *table) whereabouts(g group) string {
	var said []string
	if others := slices.DeleteFunc(slices.Clone(g.names), func(n string) bool { return n == g.name }); len(others) > 0 {
		said = append(said, fmt.Sprintf("also %s (built from %s)", strings.Join(others, ", "), g.source))
	}
	if n := len(g.paths); n > placesShown {
		said = append(said, fmt.Sprintf("in %s and %d more places", strings.Join(g.paths[:placesShown], ", "), n-placesShown))
	} else if n > 0 {
		said = append(said, "in "+strings.Join(g.paths, ", "))
	}
	if g.firstLayer != g.layer && g.firstLayer >= 0 && g.firstLayer < len(t.result.Layers) {
		said = append(said, "changed here; first installed in "+layerName(g.firstLayer, t.result.Layers[g.firstLayer].Origin))
	}
	return strings.Join(said, "; ")
}

// lines splits a row's ids into those that are shown together.
func (r row) lines() [][]string {
	if r.action != finding.Block && len(r.ids) >= collapseFrom {
		return [][]string{r.ids}
	}
	return slices.Collect(slices.Chunk(r.ids, 1))
}

func (t *table) ids(indent int, ids []string) {
	spans := make([]span, len(ids))
	for i, id := range ids {
		spans[i] = linked(plain, id)
	}
	t.pad(indent)
	t.flow(indent, spans...)
}

// notes is what sets a row apart: why the policy decided so, where severity,
// fix and verdict do not say it by themselves.
func (r row) notes() []span {
	var notes []span
	if r.exploited && !strings.Contains(r.reason, "known to be exploited") {
		notes = append(notes, words(alarm, "known to be exploited")...)
	}
	if m := plainReason.FindStringSubmatch(r.reason); m == nil || m[1] != r.severity.String() && m[1] != "all" {
		notes = append(notes, words(faint, r.reason)...)
	}
	return notes
}

// plainReason fits a policy's reasons that repeat what the row shows, such as
// "high and fixed in 1.2: the rule blocks high vulnerabilities". Should the
// policy's wording change, a reason too many is shown.
var plainReason = regexp.MustCompile(`^\w+(?: and fixed in \S+)?: the rule (?:blocks|alerts on|ignores) (\w+) [a-z ]+$`)

// row writes one row; a cell that is too long pushes the rest to a line of
// their own, since ids and versions are never cut.
func (t *table) row(starts [columnCount]int, cells []span, notes ...span) {
	for i, c := range cells {
		if c.text != "" {
			if i > 0 && t.at > starts[i]-2 {
				t.newline()
			}
			t.pad(starts[i])
			t.put(c)
		}
	}
	end := starts[colVerdict] + len("VERDICT") + 2
	if len(notes) > 0 && t.width-end >= 24 {
		t.pad(end)
		t.flow(end, notes...)
		return
	}
	t.newline()
	if len(notes) > 0 {
		t.pad(2 * rowIndent)
		t.flow(2*rowIndent, notes...)
	}
}

// columnStarts fits the columns to the contents of all layers. The three that
// can be long get no more than their share of the width; what is longer
// overhangs.
func (t *table) columnStarts() [columnCount]int {
	var widths [columnCount]int
	for i, h := range headings {
		widths[i] = len(h)
	}
	for _, groups := range t.groups {
		for _, g := range groups {
			widths[colPackage] = max(widths[colPackage], text(plain, g.name).columns())
			widths[colInstalled] = max(widths[colInstalled], text(plain, g.version).columns())
			for _, r := range g.rows {
				widths[colFixed] = max(widths[colFixed], text(plain, r.fix).columns())
				widths[colID] = max(widths[colID], text(plain, r.ids[0]).columns())
				widths[colSeverity] = max(widths[colSeverity], len(r.severity.String()))
			}
		}
	}
	share := func(percent, least int) int { return max(t.width*percent/100, least) }
	widths[colPackage] = min(widths[colPackage], share(30, 16))
	widths[colInstalled] = min(widths[colInstalled], share(20, 12))
	widths[colFixed] = min(widths[colFixed], share(20, 12))
	widths[colID] = min(widths[colID], len("GHSA-xxxx-xxxx-xxxx"))

	starts := [columnCount]int{colPackage: rowIndent}
	for i := 1; i < columnCount; i++ {
		starts[i] = starts[i-1] + widths[i-1] + 2
	}
	return starts
}
