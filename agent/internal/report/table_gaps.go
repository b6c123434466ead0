package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
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

// gapGroup is gaps with one reason.
type gapGroup struct {
	gapReason
	gaps []finding.Gap
}

// gapsByReason puts gaps together, by layer.
func gapsByReason(r *result.Result) []gapGroup {
	var groups []gapGroup
	at := make(map[gapReason]int)
	for _, g := range r.Incomplete {
		k := gapReason{g.Kind, g.Layer, g.Reason}
		i, ok := at[k]
		if !ok {
			i = len(groups)
			at[k] = i
			groups = append(groups, gapGroup{gapReason: k})
		}
		groups[i].gaps = append(groups[i].gaps, g)
	}
	slices.SortStableFunc(groups, func(a, b gapGroup) int { return cmp.Compare(a.layer, b.layer) })
	return groups
}

// what is the kind of a group's gaps, and the layer if there is one.
func (g gapGroup) what(r *result.Result) string {
	if l, ok := layerAt(r, g.layer); ok {
		return string(g.kind) + " in " + layerName(g.layer, l.Origin)
	}
	return string(g.kind)
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
	for _, g := range gapsByReason(t.result) {
		t.gap(g)
	}
}

func (t *table) gap(group gapGroup) {
	said := append([]span{text(alarm, "-")}, words(yellow, group.what(t.result)+":")...)
	said = append(said, words(plain, group.reason)...)
	t.pad(2)
	t.flow(4, said...)

	var subjects []span
	for _, g := range group.gaps[:min(len(group.gaps), subjectsShown)] {
		if g.Subject != "" {
			subjects = append(subjects, text(plain, g.Subject))
		}
		for _, id := range g.IDs {
			subjects = append(subjects, linked(faint, id))
		}
	}
	if n := len(group.gaps) - subjectsShown; n > 0 {
		subjects = append(subjects, words(plain, fmt.Sprintf("and %d more, all of them in the JSON report", n))...)
	}
	if subjects != nil {
		t.pad(4)
		t.flow(6, subjects...)
	}
}
