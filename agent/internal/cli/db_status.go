package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

func (a *app) dbStatusCommand() *cobra.Command {
	var f indexFlags
	var format string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show which advisory index is used, how old it is and what is in it",
		Long: `Status says which advisory index a scan would use and why that one, how old its
newest advisory is, and what it has of each source. A source is "partial" if it
is known not to have all that its publisher has.

--format json has, for machines:

  location         the file, the reference in a registry, or "embedded"
  chosenBy         flag, environment, cache or embedded
  digest, size     of the index's contents; in bytes
  built, newest    when it was made; the newest date of any source
  ageDays          whole days since newest; -1 where there is no date
  counts           records, packages, statements, cves, knownExploited, scored
  sources          each with name, date, ageDays, records, packages, partial,
                   licence and url`,
		Example: `  layergate db status
  layergate db status --db index.db --format json`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			index, location, err := a.openIndex(c.Context(), f)
			if err != nil {
				return err
			}
			defer index.Close()
			s := a.statusOf(location, index.Info())
			s.ChosenBy = a.chosenBy(f.db, location)
			if format == "json" {
				return writeJSON(a.stdout, s)
			}
			return s.write(a.stdout)
		},
	}
	f.add(c.Flags())
	formatFlag(c, &format)
	return c
}

// formatFlag adds --format, which checkFormat checks.
func formatFlag(c *cobra.Command, format *string) {
	c.Flags().StringVar(format, "format", "table", "`HOW` to print: table or json")
}

func checkFormat(format string) error {
	if format != "table" && format != "json" {
		return fmt.Errorf("unknown --format %q (want table or json)", format)
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// The ways in which an index comes to be used.
const (
	byFlag        = "flag"
	byEnvironment = "environment"
	byCache       = "cache"
	byDefault     = "embedded"
)

// chosenBy is why openIndex took the index at location for that flag.
func (a *app) chosenBy(flag, location string) string {
	switch {
	case flag != "":
		return byFlag
	case a.env("LAYERGATE_DB") != "":
		return byEnvironment
	case location == embedded:
		return byDefault
	}
	return byCache
}

var chosenWords = map[string]string{
	byFlag:        "--db names it",
	byEnvironment: "$LAYERGATE_DB names it",
	byCache:       "it is in the user's cache, and neither --db nor $LAYERGATE_DB names another",
	byDefault:     "it is part of the programme; neither --db nor $LAYERGATE_DB names another, and none is in the user's cache",
}

// indexStatus is an index as db status shows it; its JSON is an interface.
type indexStatus struct {
	Location string `json:"location"`
	ChosenBy string `json:"chosenBy,omitempty"`
	AgeDays  int    `json:"ageDays"` // of Newest; -1 where there is no date
	store.Info
	Sources []sourceStatus `json:"sources"` // in place of Info's
}

type sourceStatus struct {
	store.SourceInfo
	AgeDays int `json:"ageDays"` // of Date; -1 where there is no date
}

// statusOf is the status of an index today: its age goes by the clock, not by
// SOURCE_DATE_EPOCH.
func (a *app) statusOf(location string, info store.Info) indexStatus {
	now := a.now()
	s := indexStatus{Location: location, AgeDays: ageDays(info.Newest, now), Info: info, Sources: []sourceStatus{}}
	for _, source := range info.Sources {
		s.Sources = append(s.Sources, sourceStatus{source, ageDays(source.Date, now)})
	}
	return s
}

// ageDays is whole days, never negative for a date: clocks differ. It is -1
// where there is no date.
func ageDays(then, now time.Time) int {
	if then.IsZero() {
		return -1
	}
	return max(0, int(now.Sub(then)/(24*time.Hour)))
}

func ageWords(days int) string {
	switch days {
	case -1:
		return "age unknown"
	case 1:
		return "1 day old"
	}
	return strconv.Itoa(days) + " days old"
}

// printIndex prints an index that has just been made or fetched.
func (a *app) printIndex(location string, info store.Info) error {
	return a.statusOf(location, info).write(a.stdout)
}

// write prints the status for people.
func (s indexStatus) write(out io.Writer) error {
	w := newRows(out)
	w.add("index", s.Location)
	if why := chosenWords[s.ChosenBy]; why != "" {
		w.add("why this", why)
	}
	w.add("digest", s.Digest)
	w.add("format", strconv.Itoa(s.FormatVersion))
	w.add("built", day(s.Built))
	w.add("newest", day(s.Newest)+", "+ageWords(s.AgeDays))
	w.add("size", fmt.Sprintf("%.1f MB", float64(s.Size)/1e6))
	w.add("advisories", fmt.Sprintf("%d, of %d packages", s.Counts.Records, s.Counts.Packages))
	w.add("CVEs", fmt.Sprintf("%d, %d of them known to be exploited, %d with an EPSS score",
		s.Counts.CVEs, s.Counts.KnownExploited, s.Counts.Scored))
	w.add()
	if err := w.Flush(); err != nil {
		return err
	}
	w = newRows(out)
	w.add("SOURCE", "NEWEST", "AGE", "ADVISORIES", "PACKAGES", "LICENCE")
	for _, source := range s.Sources {
		records := strconv.Itoa(source.Records)
		if source.Partial {
			records += " (partial)"
		}
		w.add(source.Name, day(source.Date), ageWords(source.AgeDays), records, strconv.Itoa(source.Packages), source.Licence)
	}
	return w.Flush()
}

// day is a date, "-" where there is none.
func day(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.DateOnly)
}
