package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// remedies says what to change for the gate to open: which package in which
// instruction, and to which version. Only findings that block are looked at.
func (t *table) remedies() {
	first := true
	for _, index := range slices.Sorted(maps.Keys(t.groups)) {
		var lines []string
		for _, g := range t.groups[index] {
			lines = append(lines, g.remedies()...)
		}
		if len(lines) == 0 {
			continue
		}
		if first {
			t.newline()
			t.line(0, text(bold, "to clear what blocks:"))
			first = false
		}
		t.where(index)
		for _, l := range lines {
			t.paragraph(4, 6, plain, l)
		}
	}
}

// where names the layer to change, in one line.
func (t *table) where(index int) {
	if index < 0 || index >= len(t.result.Layers) {
		t.line(2, text(plain, "in no layer that can be named:"))
		return
	}
	l := t.result.Layers[index]
	name := "in " + layerName(index, l.Origin) + "  "
	advice := ""
	if l.Origin == image.OriginBase {
		advice = "  take a newer base image, or upgrade in a layer of your own:"
	}
	room := max(t.width-2-columns(name)-columns(advice), 20)
	t.line(2, text(bold, name), text(plain, shorten(instructionOf(l), room)), text(faint, advice))
}

// remedies is a sentence for what an upgrade clears, and one for what none does.
func (g group) remedies() []string {
	var fixes, without []string
	for _, r := range g.rows {
		switch {
		case r.action != finding.Block:
		case r.hasFix && !slices.Contains(fixes, r.fix):
			fixes = append(fixes, r.fix)
		case !r.hasFix:
			without = append(without, r.ids...)
		}
	}
	var said []string
	names := strings.Join(g.names, ", ")
	switch len(fixes) {
	case 0:
	case 1:
		said = append(said, fmt.Sprintf("upgrade %s from %s to %s", names, g.version, fixes[0]))
	default: // versions are compared by the ecosystem's order, which a report doesn't know
		said = append(said, fmt.Sprintf("upgrade %s from %s to the highest of %s", names, g.version, strings.Join(fixes, ", ")))
	}
	switch {
	case len(without) == 0:
	case g.version == "": // not a package
		said = append(said, fmt.Sprintf("resolve %s (%s)", names, strings.Join(without, ", ")))
	default:
		said = append(said, fmt.Sprintf("no fixed version of %s is known for %s: remove or replace it, or add an exception with a reason",
			names, strings.Join(without, ", ")))
	}
	return said
}
