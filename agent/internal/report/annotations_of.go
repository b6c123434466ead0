package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// annotationsShown is how many annotations of each level are shown of one step:
// GitHub documents 10 errors, 10 warnings and 10 notices (and 50 of a job), and
// Azure's agent keeps 10 issues of each type.
const annotationsShown = 10

const (
	reasonsInAnnotation = 5
	idsInAnnotation     = 10
)

// annotations is what is shown, the most important first. The verdict, which is
// one of them, says how many are not.
func annotations(r *result.Result) []annotation {
	verdict := verdictAnnotation(r)
	all := slices.Concat(gapAnnotations(r), remedyAnnotations(r), alertAnnotations(r))
	left := map[level]int{asError: annotationsShown, asWarning: annotationsShown}
	left[verdict.level]--
	shown := []annotation{verdict}
	hidden := make(map[level]int)
	for _, a := range all {
		if left[a.level] == 0 {
			hidden[a.level]++
			continue
		}
		left[a.level]--
		shown = append(shown, a)
	}
	if len(hidden) > 0 {
		shown[0].message += fmt.Sprintf(". Not shown here, but in the reports: %s and %s",
			count(hidden[asError], "more error"), count(hidden[asWarning], "more warning"))
	}
	return shown
}

func verdictAnnotation(r *result.Result) annotation {
	a := annotation{level: asNotice, title: "Layergate: " + verdictWord(r.Verdict)}
	switch {
	case r.Verdict.ExitCode != 0:
		a.level = asError
	case r.Verdict.Action == finding.Alert || len(r.Incomplete) > 0:
		a.level = asWarning
	}
	said := r.Verdict.Reasons[:min(len(r.Verdict.Reasons), reasonsInAnnotation)]
	if r.Failed != "" {
		said = append([]string{"the scan could not be completed: " + r.Failed}, said...)
	}
	a.message = short(firstOf(r.Image.Name, "the image") + ": " + strings.Join(said, "; "))
	return a
}

// short leaves room for what is written after a text.
func short(s string) string { return shorten(EscapeTerminal(s), maxText/2) }

// gapAnnotations are errors, unless the policy accepts the gaps.
func gapAnnotations(r *result.Result) []annotation {
	l := asError
	if !r.Verdict.Incomplete {
		l = asWarning
	}
	var list []annotation
	for _, g := range gapsByReason(r) {
		a := annotation{level: l, place: placeAt(r, g.layer), title: "Incomplete scan: " + g.what(r), message: short(g.reason)}
		if subject := g.gaps[0].Subject; subject != "" {
			a.message += " (" + shorten(EscapeTerminal(subject), maxCellName) + ")"
		}
		if n := len(g.gaps) - 1; n > 0 {
			a.message += fmt.Sprintf(", and %s", count(n, "more thing"))
		}
		list = append(list, a)
	}
	return list
}

// remedyAnnotations are what blocks, by what clears it.
func remedyAnnotations(r *result.Result) []annotation {
	var list []annotation
	for _, m := range r.Remedies {
		what := firstOf(strings.Join(m.Packages, ", "), strings.Join(m.Paths, ", "), kindWord(m.Kind))
		said := short(remedy(m))
		if len(m.To) > 0 { // else it names them itself
			said += "; this clears " + someIDs(m.IDs)
		}
		list = append(list, annotation{
			level: asError, place: placeAt(r, m.Layer), id: firstOf(m.IDs...),
			title: "Blocked: " + shorten(EscapeTerminal(what), maxCellName), message: said + "; in " + inLayer(r, m.Layer),
		})
	}
	return list
}

// alertAnnotations are what alerts, by package, worst first.
func alertAnnotations(r *result.Result) []annotation {
	byLayer := groupsByLayer(r)
	var groups []group
	for _, index := range slices.Sorted(maps.Keys(byLayer)) {
		for _, g := range byLayer[index] {
			g.rows = slices.DeleteFunc(g.rows, func(r row) bool { return r.action != finding.Alert })
			if len(g.rows) > 0 {
				groups = append(groups, g)
			}
		}
	}
	slices.SortStableFunc(groups, func(a, b group) int { return worst(a.rows[0].rowKey, b.rows[0].rowKey) })
	var list []annotation
	for _, g := range groups {
		var ids, fixes []string
		for _, r := range g.rows {
			ids = append(ids, r.ids...)
			if r.hasFix && !slices.Contains(fixes, r.fix) {
				fixes = append(fixes, r.fix)
			}
		}
		name := shorten(EscapeTerminal(strings.TrimSpace(g.name+" "+g.version)), maxCellName)
		said := someIDs(ids) + " in " + name + ", " + inLayer(r, g.layer)
		if len(fixes) > 0 {
			said += "; fixed in " + listed(fixes, placesShown, func(s string) string { return shorten(EscapeTerminal(s), maxCellName) })
		}
		list = append(list, annotation{level: asWarning, place: placeAt(r, g.layer), id: ids[0], title: "Alert: " + name, message: said})
	}
	return list
}

func someIDs(ids []string) string {
	return listed(ids, idsInAnnotation, func(s string) string { return shorten(EscapeTerminal(s), maxCellName/4) })
}

func placeAt(r *result.Result, index int) *result.Place {
	l, _ := layerAt(r, index)
	return l.Dockerfile
}

// inLayer names a layer in a line that has room for little.
func inLayer(r *result.Result, index int) string {
	l, ok := layerAt(r, index)
	if !ok {
		return noLayer
	}
	said := fmt.Sprintf("layer %d: %s", index, shorten(EscapeTerminal(instruction(l)), maxCellName))
	if l.Origin == image.OriginBase {
		said += " (of the base image)"
	}
	return said
}
