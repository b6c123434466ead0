package cli

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/match"
)

// shownID is what an index knows of an ID; its JSON is an interface.
type shownID struct {
	Location string      `json:"location"`
	Newest   time.Time   `json:"newest"` // the index's date
	ID       string      `json:"id"`
	CVEs     []shownCVE  `json:"cves"` // the ID itself, or the CVEs that its records are about
	Records  []idsRecord `json:"records"`
}

type shownCVE struct {
	CVE      string           `json:"cve"`
	KEVAdded string           `json:"kevAdded,omitempty"` // known to be exploited since that day
	EPSS     *float64         `json:"epss,omitempty"`
	Ratings  []finding.Rating `json:"ratings,omitempty"` // of the CVE, whoever's package it is in
}

type idsRecord struct {
	shownRecord
	Affected []idsAffected `json:"affected"`
}

type idsAffected struct {
	Ecosystem string `json:"ecosystem"`
	Package   string `json:"package"`
	said
}

func (a *app) showID(ctx context.Context, index *store.Index, location, id, format string) error {
	shown, err := idIn(ctx, index, id)
	if err != nil {
		return err
	}
	shown.Location, shown.Newest = location, index.Info().Newest
	if format == "json" {
		return writeJSON(a.stdout, shown)
	}
	return shown.write(a.stdout)
}

func idIn(ctx context.Context, index *store.Index, id string) (shownID, error) {
	shown := shownID{ID: id, CVEs: []shownCVE{}, Records: []idsRecord{}}
	found, err := index.Find(ctx, id)
	if err == nil && len(found) == 0 { // results call it so
		found, err = index.Find(ctx, "x_"+id)
	}
	if err != nil {
		return shown, err
	}
	isCVE := strings.HasPrefix(strings.ToUpper(id), "CVE-")
	if isCVE { // errata about it are about others too, which nobody asked for
		shown.ID = strings.ToUpper(id)
		if err := shown.addCVEs(index, shown.ID); err != nil {
			return shown, err
		}
	}
	for _, m := range found {
		if !isCVE {
			if err := shown.addCVEs(index, cves(m.Record)...); err != nil {
				return shown, err
			}
		}
		if err := shown.addMatch(index, m); err != nil {
			return shown, err
		}
	}
	shown.sort()
	return shown, nil
}

// sort puts CVEs, records by source, and packages with their releases in order.
func (s *shownID) sort() {
	slices.SortFunc(s.CVEs, func(a, b shownCVE) int { return cmp.Compare(a.CVE, b.CVE) })
	slices.SortFunc(s.Records, func(a, b idsRecord) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.ID, b.ID))
	})
	for _, r := range s.Records {
		slices.SortStableFunc(r.Affected, func(a, b idsAffected) int {
			return cmp.Or(cmp.Compare(a.Package, b.Package), compareEcosystems(a.Ecosystem, b.Ecosystem))
		})
	}
}

func (s *shownID) addCVEs(index *store.Index, cves ...string) error {
	for _, cve := range cves {
		if slices.ContainsFunc(s.CVEs, func(c shownCVE) bool { return c.CVE == cve }) {
			continue
		}
		facts, ok, err := index.Facts(cve)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		c := shownCVE{CVE: cve}
		if facts.KnownExploited {
			c.KEVAdded = day(facts.KEVAdded)
		}
		if facts.HasEPSS {
			c.EPSS = &facts.EPSS
		}
		_, _, c.Ratings = match.Severity(advisory.Match{Record: &advisory.Record{}}, facts)
		s.CVEs = append(s.CVEs, c)
	}
	return nil
}

func (s *shownID) addMatch(index *store.Index, m advisory.Match) error {
	said, err := saidOf(index, m)
	if err != nil {
		return err
	}
	record := recordOf(m.Record)
	i := slices.IndexFunc(s.Records, func(r idsRecord) bool { return r.ID == record.ID && r.Source == record.Source })
	if i < 0 {
		i = len(s.Records)
		s.Records = append(s.Records, idsRecord{shownRecord: record})
	}
	s.Records[i].Affected = append(s.Records[i].Affected, idsAffected{m.Affected.Ecosystem, m.Affected.Package, said})
	return nil
}
