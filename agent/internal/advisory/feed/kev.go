package feed

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// The catalogue of known exploited vulnerabilities, as published at
// https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json
// (schema: known_exploited_vulnerabilities_schema.json beside it).
type kevCatalogue struct {
	DateReleased    string `json:"dateReleased"`
	Count           *int   `json:"count"`
	Vulnerabilities []struct {
		CVE   string `json:"cveID"`
		Added string `json:"dateAdded"`
	} `json:"vulnerabilities"`
}

func claimKEV(p string) (string, bool) {
	base := path.Base(p)
	return "CISA KEV", strings.HasSuffix(base, ".json") &&
		(strings.HasPrefix(base, "kev") || strings.HasPrefix(base, "known_exploited_vulnerabilities"))
}

func readKEV(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	var c kevCatalogue
	if err := readJSON(fsys, u.Path, &c); err != nil {
		return err
	}
	// The count tells a catalogue from another JSON file, and a whole one
	// from one that somebody cut.
	if c.Count == nil || *c.Count != len(c.Vulnerabilities) {
		return fmt.Errorf("reading %s: not a whole KEV catalogue: its count does not agree with its %d entries", u.Path, len(c.Vulnerabilities))
	}
	released, err := day(c.DateReleased)
	if err != nil {
		return fmt.Errorf("reading %s: dateReleased: %w", u.Path, err)
	}
	out.Date(released)
	pace := every{ctx: ctx}
	for _, v := range c.Vulnerabilities {
		if err := pace.check(); err != nil {
			return err
		}
		added, err := day(v.Added)
		if err != nil || added.IsZero() || !IsCVE(v.CVE) {
			out.Skip("bad entry", clip(v.CVE))
			continue
		}
		if err := out.Facts(v.CVE, advisory.Facts{KnownExploited: true, KEVAdded: added}); err != nil {
			return err
		}
	}
	return nil
}
