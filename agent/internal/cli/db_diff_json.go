package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/diff"
	"github.com/layergate/layergate/agent/internal/finding"
)

// indexDiff is what differs between two indexes; its JSON is an interface.
type indexDiff struct {
	A          diffedIndex   `json:"a"`
	B          diffedIndex   `json:"b"`
	Same       bool          `json:"same"`
	Records    diff.Counts   `json:"records"`
	Advisories diff.Counts   `json:"advisories"`
	Fixes      int           `json:"fixes"`
	CVEs       diff.Counts   `json:"cves"`
	Scores     int           `json:"epssScores"`
	Ecosystems []countsOf    `json:"ecosystems"`
	Severities []countsOf    `json:"severities"`
	Sources    []diff.Source `json:"sources"`
	Exploited  []exploited   `json:"knownExploited"`
	Unlisted   []exploited   `json:"noLongerKnownExploited"`
}

type diffedIndex struct {
	Location string    `json:"location"`
	Digest   string    `json:"digest"`
	Built    time.Time `json:"built"`
	Newest   time.Time `json:"newest"`
}

type countsOf struct {
	Name string `json:"name"`
	diff.Counts
}

type exploited struct {
	CVE   string `json:"cve"`
	Added string `json:"added"` // a day
}

func newIndexDiff(x comparedIndexes, sum *diff.Summary) indexDiff {
	infoA, infoB := x.a.Info(), x.b.Info()
	d := indexDiff{
		A:    diffedIndex{x.nameA, infoA.Digest, infoA.Built, infoA.Newest},
		B:    diffedIndex{x.nameB, infoB.Digest, infoB.Built, infoB.Newest},
		Same: sum.Same(), Records: sum.Records, Advisories: sum.Advisories, Fixes: sum.Fixes, CVEs: sum.CVEs, Scores: sum.Scores,
		Ecosystems: []countsOf{}, Severities: []countsOf{}, Sources: append([]diff.Source{}, sum.Sources...),
		Exploited: exploitedOf(sum.Exploited), Unlisted: exploitedOf(sum.Unlisted),
	}
	for name, counts := range sum.Ecosystems {
		d.Ecosystems = append(d.Ecosystems, countsOf{name, *counts})
	}
	slices.SortFunc(d.Ecosystems, func(a, b countsOf) int { return compareEcosystems(a.Name, b.Name) })
	for _, s := range finding.Severities {
		if counts := sum.Severities[s]; counts != nil {
			d.Severities = append(d.Severities, countsOf{s.String(), *counts})
		}
	}
	return d
}

// compareEcosystems sorts by name and release, 9 before 10.
func compareEcosystems(a, b string) int {
	baseA, releaseA, _ := strings.Cut(a, ":")
	baseB, releaseB, _ := strings.Cut(b, ":")
	return cmp.Or(cmp.Compare(baseA, baseB), cmp.Compare(len(releaseA), len(releaseB)), cmp.Compare(releaseA, releaseB))
}

func exploitedOf(list []diff.Exploited) []exploited {
	shown := make([]exploited, 0, len(list))
	for _, e := range list {
		shown = append(shown, exploited{e.CVE, day(e.Added)})
	}
	return shown
}

// writeJSON writes d with its changes, one at a time.
func (d indexDiff) writeJSON(out io.Writer, each func(func(diff.Change) error) error) error {
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s,\n  \"changes\": [", strings.TrimSuffix(string(text), "\n}")); err != nil {
		return err
	}
	separator := "\n    "
	err = each(func(c diff.Change) error {
		text, err := json.MarshalIndent(c, "    ", "  ")
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s%s", separator, text)
		separator = ",\n    "
		return err
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(out, "\n  ]\n}\n")
	return err
}
