package report

import (
	"github.com/layergate/layergate/agent/internal/image"
)

// remedies says what to change for the gate to open: which package in which
// instruction, and to which version.
func (t *table) remedies() {
	remedies := t.result.Remedies
	if len(remedies) == 0 {
		return
	}
	t.newline()
	t.line(0, text(bold, "to clear what blocks:"))
	for i, m := range remedies {
		if i == 0 || m.Layer != remedies[i-1].Layer {
			t.where(m.Layer)
		}
		t.paragraph(4, 6, plain, remedy(m))
	}
}

// where names the layer to change, in one line.
func (t *table) where(index int) {
	l, ok := layerAt(t.result, index)
	if !ok {
		t.line(2, text(plain, "in "+noLayer+":"))
		return
	}
	name := "in " + layerName(index, l.Origin) + "  "
	advice := ""
	switch {
	case l.Origin == image.OriginBase:
		advice = "  take a newer base image, or upgrade in a layer of your own:"
	case l.Dockerfile != nil:
		advice = "  " + EscapeTerminal(place(*l.Dockerfile))
	}
	room := max(t.width-2-columns(name)-columns(advice), 20)
	t.line(2, text(bold, name), text(plain, shorten(EscapeTerminal(instruction(l)), room)), text(faint, advice))
}
