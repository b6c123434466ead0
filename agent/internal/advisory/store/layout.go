package store

import (
	"context"
	"errors"
	"io"
	"slices"
	"sort"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// write lays the collection out as an index.
func (c *collection) write(ctx context.Context, w io.Writer, report *Report, built time.Time) (Info, error) {
	out, err := newBlockWriter(w)
	if err != nil {
		return Info{}, err
	}
	dir := directory{releases: c.releases.list, covered: c.covered(), info: Info{FormatVersion: FormatVersion}}
	steps := []func(*blockWriter, *directory) error{c.writeRatings, c.writeRecords, c.writePackages, c.writeFacts}
	for _, step := range steps {
		if err := errors.Join(step(out, &dir), ctx.Err()); err != nil {
			return Info{}, err
		}
	}
	for _, s := range report.Sources {
		dir.info.Sources = append(dir.info.Sources, s.info())
		if s.Date.After(dir.info.Newest) {
			dir.info.Newest = s.Date
		}
	}
	if dir.info.Built = built.UTC(); built.IsZero() {
		dir.info.Built = dir.info.Newest
	}
	return out.finish(&dir)
}

// writeRatings numbers the severities anew, commonest first, and writes them.
func (c *collection) writeRatings(out *blockWriter, dir *directory) error {
	uses := make([]int, len(c.ratings.list))
	each := func(list []int) {
		for _, n := range list {
			uses[n]++
		}
	}
	for _, r := range c.records {
		each(r.severities)
	}
	for _, s := range c.statements {
		each(s.severities)
	}
	for _, f := range c.facts {
		slices.SortStableFunc(f.severities, func(a, b int) int {
			return vectorsFirst(c.ratings.list[a], c.ratings.list[b])
		})
		each(f.severities)
	}
	order := make([]int, len(uses))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return uses[order[i]] > uses[order[j]] })
	place := make([]int, len(order))
	list := make([]advisory.Severity, len(order))
	for i, o := range order {
		place[o] = i
		list[i] = c.ratings.list[o]
	}
	renumber := func(list []int) {
		for i, n := range list {
			list[i] = place[n]
		}
	}
	for _, r := range c.records {
		renumber(r.severities)
	}
	for _, s := range c.statements {
		renumber(s.severities)
	}
	for _, f := range c.facts {
		renumber(f.severities)
	}
	var err error
	dir.ratings, err = out.block(encodeRatings(list))
	return err
}

// writeRecords sorts the records, which gives them their ordinals, and writes
// them.
func (c *collection) writeRecords(out *blockWriter, dir *directory) error {
	order := make([]int, len(c.records))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool {
		a, b := c.records[order[i]], c.records[order[j]]
		if a.source != b.source {
			return a.source < b.source
		}
		return natural(a.record.ID, b.record.ID) < 0
	})
	ordinal := make([]uint32, len(order))
	sorted := make([]storedRecord, len(order))
	for i, o := range order {
		ordinal[o] = uint32(i)
		sorted[i] = c.records[o]
	}
	c.records = sorted
	for _, rows := range c.packages {
		for i := range rows {
			rows[i].record = ordinal[rows[i].record]
		}
	}
	dir.info.Counts.Records = len(sorted)
	for chunk := range slices.Chunk(sorted, recordsPerBlock) {
		b, err := out.block(encodeRecords(chunk))
		if err != nil {
			return err
		}
		dir.records = append(dir.records, b)
	}
	return nil
}

// writeFacts writes what is known of the CVEs that a record names or that are
// known to be exploited; a score alone of anything else is of no use.
func (c *collection) writeFacts(out *blockWriter, dir *directory) error {
	var list []storedFacts
	for cve, f := range c.facts {
		if f.kev > 0 || c.named[cve] {
			list = append(list, *f)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].cve < list[j].cve })
	dir.info.Counts.CVEs = len(list)
	for _, f := range list {
		if f.kev > 0 {
			dir.info.Counts.KnownExploited++
		}
		if f.epss > 0 {
			dir.info.Counts.Scored++
		}
	}
	for chunk := range slices.Chunk(list, factsPerBlock) {
		b, err := out.block(encodeFacts(chunk))
		if err != nil {
			return err
		}
		b.firstCVE = chunk[0].cve
		dir.facts = append(dir.facts, b)
	}
	return nil
}
