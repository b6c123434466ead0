package store

import (
	"context"
	"fmt"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// WalkFacts calls visit with what Facts gives for each CVE that it knows
// anything of, by year and number. It reads the facts once, a block at a time.
// An error of visit's ends it and is returned as it is.
func (x *Index) WalkFacts(ctx context.Context, visit func(cve string, f advisory.Facts) error) error {
	broken := func(err error) error { return fmt.Errorf("reading the advisory index's facts: %w", err) }
	ratings, err := x.ratings()
	if err != nil {
		return broken(err)
	}
	for _, block := range x.dir.facts {
		if err := ctx.Err(); err != nil {
			return err
		}
		raw, err := x.read(block)
		if err != nil {
			return broken(err)
		}
		facts, err := decodeFacts(raw, ratings)
		if err != nil {
			return broken(err)
		}
		for i, cve := range facts.cves {
			if err := visit(cveID(cve), facts.facts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}
