package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
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

// writePackages writes the packages in the order of their keys.
func (c *collection) writePackages(out *blockWriter, dir *directory) error {
	keys := make([]string, 0, len(c.packages))
	for key := range c.packages {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var e encoder
	n, first, previous := 0, "", ""
	flush := func() error {
		if n == 0 {
			return nil
		}
		count := encoder{}
		count.int(n)
		b, err := out.block(append(count.b, e.b...))
		b.first = first
		dir.packages = append(dir.packages, b)
		e.b, n, previous = e.b[:0], 0, ""
		return err
	}
	for _, key := range keys {
		rows := sortedRows(c.packages[key])
		dir.info.Counts.Statements += len(rows)
		body := encodePackage(rows, c.statements)
		if err := c.readable(body); err != nil {
			return fmt.Errorf("what is said about %q: %w", strings.ReplaceAll(key, "\x00", " "), err)
		}
		if n > 0 && len(e.b)+len(body) > packageBlock {
			if err := flush(); err != nil {
				return err
			}
		}
		if n == 0 {
			first = key
		}
		e.follow(previous, key)
		e.text(string(body))
		previous = key
		n++
	}
	dir.info.Counts.Packages = len(keys)
	return flush()
}

// readable checks that a package's part is within the limits of a reader.
func (c *collection) readable(body []byte) error {
	all := func(int) bool { return true }
	if _, _, err := decodePackage(body, c.ratings.list, all); err != nil || len(body) > maxBlock/2 {
		return errors.New("more than any real package has; it does not fit the index")
	}
	return nil
}

func sortedRows(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int {
		for _, d := range [...]int64{
			int64(a.record) - int64(b.record), int64(a.release) - int64(b.release), int64(a.statement) - int64(b.statement),
		} {
			if d != 0 {
				return int(min(max(d, -1), 1))
			}
		}
		return 0
	})
	return slices.Compact(rows)
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
