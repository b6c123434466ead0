package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
)

const tableHead = "| Package | Installed | Fixed in | Found | Severity | Notes |\n|---|---|---|---|---|---|\n"

// findings writes a table for each layer with findings of an action, the
// uppermost first: the application's own before its base image's. It has a
// heading, or a summary behind which it is folded away.
func (m *markdown) findings(a finding.Action, heading, summary string) {
	total := m.result.Totals.ByAction[string(a)]
	if total == 0 {
		return
	}
	opening, closing := fmt.Sprintf("\n### %s\n", heading), ""
	if summary != "" {
		opening, closing = fmt.Sprintf("\n<details><summary>%s: %d</summary>\n", summary, total), "\n</details>\n"
	}
	m.add(opening)
	left := total
	for _, index := range slices.Backward(slices.Sorted(maps.Keys(m.groups))) {
		shown, all := m.layer(index, a)
		left -= shown
		if !all {
			break
		}
	}
	if left > 0 {
		m.addf("\n%s of these %d findings are not shown here, for want of room: see another report\n", fmt.Sprint(left), total)
	}
	m.addf("%s", closing)
}

// layer writes one layer's findings of an action: how many, and whether all fit.
func (m *markdown) layer(index int, a finding.Action) (shown int, all bool) {
	pending := fmt.Sprintf("\n%s\n\n%s", capital(m.where(index)), tableHead)
	for _, g := range m.groups[index] {
		for _, r := range g.rows {
			if r.action != a {
				continue
			}
			if !m.add(pending + tableRow(g, r)) {
				return shown, false
			}
			pending = ""
			shown += len(r.ids) * g.packages
		}
	}
	return shown, true
}

func tableRow(g group, r row) string {
	cells := []string{nameCell(g), code(g.version, maxCellName), fixCell(r), idsCell(r.ids), r.severity.String(), notesCell(g, r)}
	for i, c := range cells {
		cells[i] = cell(c)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

func nameCell(g group) string {
	return listed(g.names, placesShown, func(n string) string { return code(n, maxCellName) })
}

func fixCell(r row) string {
	if r.hasFix {
		return code(r.fix, maxCellName)
	}
	return r.fix // in our own words
}

func idsCell(ids []string) string { return listed(ids, idsInCell, markdownLink) }

// notesCell is what sets a row apart, and where the package is.
func notesCell(g group, r row) string {
	var notes []string
	for _, s := range r.notes() {
		notes = append(notes, s.text)
	}
	said := prose(strings.Join(notes, " "), maxSentence)
	if len(g.paths) == 0 {
		return said
	}
	return strings.TrimPrefix(said+"; in "+listed(g.paths, 1, func(p string) string { return code(p, maxCellName) }), "; ")
}

// listed shows some of a list and counts the rest.
func listed(list []string, some int, show func(string) string) string {
	var said []string
	for _, s := range list[:min(len(list), some)] {
		said = append(said, show(s))
	}
	if n := len(list) - some; n > 0 {
		said = append(said, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(said, ", ")
}

// capital begins a sentence of our own words.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
