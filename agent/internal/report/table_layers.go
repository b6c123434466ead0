package report

import (
	"fmt"
	"maps"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
)

// layers writes a section for each layer with findings, lowest first, so that
// the application's own are nearest to the verdict.
func (t *table) layers() {
	starts := t.columnStarts()
	for _, index := range slices.Sorted(maps.Keys(t.groups)) {
		groups := t.groups[index]
		t.newline()
		t.heading(index, groups)
		var head []span
		for _, h := range headings {
			head = append(head, text(faint, h))
		}
		t.row(starts, head)
		for _, g := range groups {
			t.group(starts, g)
		}
	}
}

// heading names a layer: its place, origin, instruction, digest and size, and
// below that how much was found.
func (t *table) heading(index int, groups []group) {
	l, ok := layerAt(t.result, index)
	if !ok {
		t.line(0, text(bold, noLayer))
		t.line(rowIndent, tally(groups)...)
		return
	}
	name := layerName(index, l.Origin)
	tail := "  " + shortDigest(firstOf(l.Digest, l.DiffID))
	if l.Size > 0 {
		tail += "  " + size(l.Size)
	}
	if l.Dockerfile != nil {
		tail = "  " + EscapeTerminal(place(*l.Dockerfile)) + tail
	}
	room := max(t.width-columns(name)-2-columns(tail), 20)
	t.line(0, text(bold, name+"  "), span{text: shorten(EscapeTerminal(instruction(l)), room), style: bold}, text(faint, tail))
	t.line(rowIndent, tally(groups)...)
}

// tally counts a layer's ids by action.
func tally(groups []group) []span {
	n := make(map[finding.Action]int)
	for _, g := range groups {
		for _, r := range g.rows {
			n[r.action] += len(r.ids) * g.packages
		}
	}
	var spans []span
	for _, a := range actions {
		if n[a] > 0 {
			if spans != nil {
				spans = append(spans, text(plain, ", "))
			}
			spans = append(spans, text(actionStyle(a), fmt.Sprintf("%d %s", n[a], actionWord(a))))
		}
	}
	return spans
}
