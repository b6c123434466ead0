package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
)

// subjectsShown is how many subjects of gaps with one reason are named: an
// ecosystem without advisories makes a gap for each of its packages.
const subjectsShown = 10

// gapReason is what gaps are put together by.
type gapReason struct {
	kind   finding.GapKind
	layer  int
	reason string
}

// gaps says what the scan could not do, loudly: no verdict is better than what
// it was made from.
func (t *table) gaps() {
	all := t.result.Incomplete
	if len(all) == 0 {
		return
	}
	t.newline()
	t.paragraph(0, 2, alarm, fmt.Sprintf("INCOMPLETE: %s could not be read or decided, so findings may be missing",
		count(len(all), "thing")))
	byReason := make(map[gapReason][]finding.Gap)
	var order []gapReason
	for _, g := range all {
		k := gapReason{g.Kind, g.Layer, g.Reason}
		if byReason[k] == nil {
			order = append(order, k)
		}
		byReason[k] = append(byReason[k], g)
	}
	slices.SortStableFunc(order, func(a, b gapReason) int { return cmp.Compare(a.layer, b.layer) })
	for _, k := range order {
		t.gap(k, byReason[k])
	}
}

func (t *table) gap(k gapReason, gaps []finding.Gap) {
	what := string(k.kind)
	if k.layer >= 0 && k.layer < len(t.result.Layers) {
		what += " in " + layerName(k.layer, t.result.Layers[k.layer].Origin)
	}
	said := append([]span{text(alarm, "-")}, words(yellow, what+":")...)
	said = append(said, words(plain, k.reason)...)
	t.pad(2)
	t.flow(4, said...)

	var subjects []span
	for _, g := range gaps[:min(len(gaps), subjectsShown)] {
		if g.Subject != "" {
			subjects = append(subjects, text(plain, g.Subject))
		}
		for _, id := range g.IDs {
			subjects = append(subjects, linked(faint, id))
		}
	}
	if n := len(gaps) - subjectsShown; n > 0 {
		subjects = append(subjects, words(plain, fmt.Sprintf("and %d more, all of them in the JSON report", n))...)
	}
	if subjects != nil {
		t.pad(4)
		t.flow(6, subjects...)
	}
}
