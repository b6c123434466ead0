package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// walkedRecordBlocks is how many record blocks a walk keeps: packages refer to
// records all over the index, and a walk goes through all of them. So many
// are some 300 MB in memory and hold every record of today's publishers.
const walkedRecordBlocks = 1024

// Walk calls visit with every statement of the index, sorted by ecosystem
// (without release), package, record and release. Matches are as in Lookup. It
// reads each package block once. An error of visit's ends it and is returned
// as it is.
func (x *Index) Walk(ctx context.Context, visit func(advisory.Match) error) error {
	return x.walk(ctx, nil, visit)
}

// Find gives every statement of the records whose id, alias or upstream is id,
// in whichever case, in the order of Walk. It reads every record block, and
// every package block if there is such a record.
func (x *Index) Find(ctx context.Context, id string) ([]advisory.Match, error) {
	wanted, err := x.ordinals(id)
	if err != nil {
		return nil, fmt.Errorf("looking for %s in the advisory index: %w", id, err)
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	var found []advisory.Match
	err = x.walk(ctx, wanted, func(m advisory.Match) error {
		found = append(found, m)
		return nil
	})
	return found, err
}

// ordinals lists the records that go by an id.
func (x *Index) ordinals(id string) (map[int]bool, error) {
	list := make(map[int]bool)
	for n := range x.dir.records {
		records, err := x.recordBlock(n)
		if err != nil {
			return nil, err
		}
		for i := range records {
			if goesBy(&records[i], id) {
				list[n*recordsPerBlock+i] = true
			}
		}
	}
	return list, nil
}

func goesBy(r *advisory.Record, id string) bool {
	if strings.EqualFold(r.ID, id) {
		return true
	}
	for _, ids := range [][]string{r.Aliases, r.Upstream} {
		for _, other := range ids {
			if strings.EqualFold(other, id) {
				return true
			}
		}
	}
	return false
}

// walk visits what is said by the wanted records; nil: by all.
func (x *Index) walk(ctx context.Context, wanted map[int]bool, visit func(advisory.Match) error) error {
	w := walker{x: x, wanted: wanted, visit: visit, records: newCache[[]advisory.Record](walkedRecordBlocks)}
	for _, b := range x.dir.packages {
		if err := ctx.Err(); err != nil {
			return err
		}
		block, err := x.packageBlock(b)
		if err != nil {
			return fmt.Errorf("reading the advisory index: %w", err)
		}
		for i, key := range block.keys {
			if err := w.visitPackage(key, block.bodies[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// walker is one walk under way.
type walker struct {
	x       *Index
	wanted  map[int]bool
	visit   func(advisory.Match) error
	records *cache[[]advisory.Record]
}

func (w *walker) visitPackage(key string, body []byte) error {
	base, name, _ := strings.Cut(key, "\x00")
	broken := func(err error) error {
		return fmt.Errorf("reading what the advisory index has on %s in %s: %w", name, base, err)
	}
	if w.wanted != nil && !aboutAny(body, w.wanted) {
		return nil
	}
	ratings, err := w.x.ratings()
	if err != nil {
		return broken(err)
	}
	found, statements, err := decodePackage(body, ratings, func(int) bool { return true })
	if err != nil {
		return broken(err)
	}
	for _, f := range found {
		if w.wanted != nil && !w.wanted[f.record] {
			continue
		}
		if f.release >= len(w.x.dir.releases) {
			return broken(errCorrupt)
		}
		record, err := w.x.recordIn(w.records, f.record)
		if err != nil {
			return broken(err)
		}
		affected := statements[f.statement]
		affected.Ecosystem, affected.Package = join(base, w.x.dir.releases[f.release]), name
		if err := w.visit(advisory.Match{Record: record, Affected: affected}); err != nil {
			return err
		}
	}
	return nil
}

// aboutAny says whether one of the wanted records is about a package, without
// reading more of it.
func aboutAny(body []byte, wanted map[int]bool) bool {
	d := decoder{b: body}
	for _, o := range d.ordinals() {
		if wanted[o] {
			return true
		}
	}
	return d.err != nil // let the error be found
}
