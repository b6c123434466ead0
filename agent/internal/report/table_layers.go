package report

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
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
	if index < 0 || index >= len(t.result.Layers) {
		t.line(0, text(bold, "no layer that can be named"))
		t.line(rowIndent, tally(groups)...)
		return
	}
	l := t.result.Layers[index]
	name := layerName(index, l.Origin)
	tail := "  " + shortDigest(firstOf(l.Digest, l.DiffID))
	if l.Size > 0 {
		tail += "  " + size(l.Size)
	}
	instruction := instructionOf(l)
	room := max(t.width-columns(name)-2-columns(tail), 20)
	t.line(0, text(bold, name+"  "), span{text: shorten(instruction, room), style: bold}, text(faint, tail))
	t.line(rowIndent, tally(groups)...)
}

// instructionOf is a layer's instruction for people. The builder of old docker
// writes a checksum where a COPY's source was; its first digits will do.
func instructionOf(l result.Layer) string {
	s := firstOf(l.Instruction, l.CreatedBy, "(history does not say how)")
	return EscapeTerminal(checksum.ReplaceAllString(s, "$1…"))
}

var checksum = regexp.MustCompile(`\b([0-9a-f]{12})[0-9a-f]{52}\b`)

func layerName(index int, origin image.Origin) string {
	if origin == image.OriginUnknown {
		return fmt.Sprintf("layer %d", index)
	}
	return fmt.Sprintf("layer %d (%s)", index, origin)
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
