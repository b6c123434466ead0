package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory/diff"
	"github.com/layergate/layergate/agent/internal/finding"
)

// tableRows is how many rows are lined up with each other; more would have to
// be kept in memory.
const tableRows = 1000

// write prints d for people: the summary first, then what differs.
func (d indexDiff) write(out io.Writer, all bool, each func(func(diff.Change) error) error) error {
	w := newRows(out)
	for _, x := range []struct {
		name string
		diffedIndex
	}{{"A", d.A}, {"B", d.B}} {
		w.add(x.name, x.Location, "newest "+day(x.Newest), "built "+day(x.Built), x.Digest)
	}
	if d.Same {
		w.add("They say the same, dates of records aside.")
		return w.Flush()
	}
	kev := func(w rows) { d.exploited(w, all) }
	steps := []func(rows){d.counts, d.sources, d.ecosystems, kev}
	for _, step := range steps {
		if err := w.Flush(); err != nil {
			return err
		}
		w = newRows(out)
		step(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return d.changes(out, all, each)
}

func (d indexDiff) counts(w rows) {
	w.add()
	w.add("", "ADDED", "REMOVED", "CHANGED")
	addCounts(w, "records", d.Records)
	addCounts(w, "advisories", d.Advisories)
	for _, s := range d.Severities {
		addCounts(w, "  "+s.Name, s.Counts)
	}
	w.add("  with another fix", "", "", strconv.Itoa(d.Fixes))
	addCounts(w, "CVEs", d.CVEs)
	w.add("  with another EPSS score", "", "", strconv.Itoa(d.Scores))
}

func addCounts(w rows, name string, c diff.Counts) {
	w.add(name, strconv.Itoa(c.Added), strconv.Itoa(c.Removed), strconv.Itoa(c.Changed))
}

func (d indexDiff) sources(w rows) {
	if len(d.Sources) == 0 {
		return
	}
	w.add()
	w.add("SOURCE", "", "WAS", "IS", "RECORDS WERE", "ARE")
	for _, s := range d.Sources {
		w.add(s.Name, string(s.Kind), day(s.DateBefore), day(s.Date), strconv.Itoa(s.RecordsBefore), strconv.Itoa(s.Records))
	}
}

func (d indexDiff) ecosystems(w rows) {
	if len(d.Ecosystems) == 0 {
		return
	}
	w.add()
	w.add("ECOSYSTEM", "ADDED", "REMOVED", "CHANGED")
	for _, e := range d.Ecosystems {
		addCounts(w, e.Name, e.Counts)
	}
}

func (d indexDiff) exploited(w rows, all bool) {
	for _, list := range []struct {
		what string
		cves []exploited
	}{{"newly known to be exploited", d.Exploited}, {"no longer in CISA's catalogue", d.Unlisted}} {
		if len(list.cves) == 0 {
			continue
		}
		w.add()
		w.add(fmt.Sprintf("%s: %d", list.what, len(list.cves)))
		for i, e := range list.cves {
			if !all && i == maxChanges {
				w.add(fmt.Sprintf("  and %d more (--all shows all)", len(list.cves)-i))
				break
			}
			w.add("  "+e.CVE, "since "+e.Added)
		}
	}
}

// changes prints the advisories that differ, a block of rows at a time.
func (d indexDiff) changes(out io.Writer, all bool, each func(func(diff.Change) error) error) error {
	var w rows
	n := 0
	var last diff.Kind
	err := each(func(c diff.Change) error {
		if n == 0 || n == tableRows || !all && c.Kind != last {
			if n > 0 {
				if err := w.Flush(); err != nil {
					return err
				}
			}
			w, n = newRows(out), 0
			if !all && c.Kind != last || last == "" {
				w.add()
				w.add(d.title(c.Kind, all))
			}
			last = c.Kind
		}
		n++
		w.add("  "+string(c.Kind), c.Ecosystem, c.Package, idWords(c), severityChange(c), changeWords(c))
		return nil
	})
	if err != nil || n == 0 {
		return err
	}
	return w.Flush()
}

func (d indexDiff) title(kind diff.Kind, all bool) string {
	if all {
		return "advisories that differ:"
	}
	n := map[diff.Kind]int{diff.Added: d.Advisories.Added, diff.Removed: d.Advisories.Removed, diff.Changed: d.Advisories.Changed}[kind]
	if n > maxChanges {
		return fmt.Sprintf("advisories %s, the worst %d of %d (--all shows all):", kind, maxChanges, n)
	}
	return fmt.Sprintf("advisories %s:", kind)
}

// idWords is the record, and its CVEs if its own id does not hold the only one.
func idWords(c diff.Change) string {
	if n := len(c.CVEs); n == 0 || n == 1 && strings.HasSuffix(c.Record, c.CVEs[0]) {
		return c.Record
	}
	return c.Record + " (" + cvesWords(c.CVEs) + ")"
}

func severityChange(c diff.Change) string {
	if c.Severity != c.SeverityBefore {
		return c.SeverityBefore.String() + " → " + c.Severity.String()
	}
	return c.Severity.String()
}

// changeWords says what is there, or what is not as it was.
func changeWords(c diff.Change) string {
	switch c.Kind {
	case diff.Added:
		return fixesWords(c.Fixes, c.FixState)
	case diff.Removed:
		return fixesWords(c.FixesBefore, c.FixStateBefore)
	}
	var parts []string
	for _, what := range c.What {
		switch what {
		case "fixes":
			parts = append(parts, fixesWords(c.FixesBefore, c.FixStateBefore)+" → "+fixesWords(c.Fixes, c.FixState))
		case "fixState":
			if !c.FixesChanged() {
				parts = append(parts, fixesWords(nil, c.FixStateBefore)+" → "+fixesWords(nil, c.FixState))
			}
		case "severity": // it has a column
		case "fixDates":
			parts = append(parts, "other days of fixes")
		default:
			parts = append(parts, "other "+what)
		}
	}
	return strings.Join(parts, "; ")
}

func fixesWords(fixes []string, state finding.FixState) string {
	if len(fixes) > 0 {
		return "fixed in " + strings.Join(fixes, ", ")
	}
	if state == finding.FixUnknown {
		return "fix unknown"
	}
	return fixStateWords[state]
}
