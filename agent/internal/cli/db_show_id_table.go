package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
)

// write prints the answer for people.
func (s shownID) write(out io.Writer) error {
	w := newRows(out)
	w.add(s.ID + ", in " + indexWords(s.Location, s.Newest))
	for _, c := range s.CVEs {
		w.add("  " + c.words(s.ID))
	}
	if len(s.Records) == 0 {
		w.add("No advisory in it goes by that ID.")
	}
	for _, r := range s.Records {
		w.add()
		w.add(r.Source + ": " + r.ID)
		r.writeIDs(w)
		if err := w.Flush(); err != nil {
			return err
		}
		w = newRows(out)
		r.writeAffected(w)
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (c shownCVE) words(id string) string {
	var parts []string
	if c.KEVAdded != "" {
		parts = append(parts, "known to be exploited (CISA, since "+c.KEVAdded+")")
	}
	if c.EPSS != nil {
		parts = append(parts, "EPSS "+strconv.FormatFloat(*c.EPSS, 'f', -1, 64))
	}
	for _, r := range c.Ratings {
		parts = append(parts, ratingWords(r))
	}
	text := strings.Join(parts, "; ")
	if c.CVE != id {
		text = c.CVE + ": " + text
	}
	return text
}

func ratingWords(r finding.Rating) string {
	if r.Vector == "" {
		return fmt.Sprintf("%s (%s)", r.Severity, r.Source)
	}
	return fmt.Sprintf("%s %.1f (%s, %s)", r.Severity, r.Score, r.Source, r.Vector)
}

func (r idsRecord) writeIDs(w rows) {
	if len(r.Aliases) > 0 {
		w.add("  also known as " + strings.Join(r.Aliases, ", "))
	}
	if len(r.Upstream) > 0 {
		w.add("  about " + strings.Join(r.Upstream, ", "))
	}
	var dates []string
	if r.Published != "" {
		dates = append(dates, "published "+r.Published)
	}
	if r.Modified != "" {
		dates = append(dates, "modified "+r.Modified)
	}
	if len(dates) > 0 {
		w.add("  " + strings.Join(dates, ", "))
	}
}

// writeAffected prints a row for each package, and one for each further span.
func (r idsRecord) writeAffected(w rows) {
	w.add("  ECOSYSTEM", "PACKAGE", "AFFECTED VERSIONS", "FIX", "SEVERITY", r.moduleHeader())
	for _, a := range r.Affected {
		ecosystem, name, severity, module := a.Ecosystem, a.Package, a.severityWords(), a.Module
		for _, line := range a.words() {
			w.add("  "+ecosystem, name, line[0], line[1], severity, module)
			ecosystem, name, severity, module = "", "", "", ""
		}
	}
}

func (r idsRecord) moduleHeader() string {
	if slices.ContainsFunc(r.Affected, func(a idsAffected) bool { return a.Module != "" }) {
		return "MODULE"
	}
	return ""
}
