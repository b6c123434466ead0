package store

import (
	"context"
	"io"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// layout is a collection on its way into an index.
type layout struct {
	*collection
	ctx     context.Context
	out     *blockWriter
	dir     directory
	names   []string  // of the sources
	today   int64     // day number of the index
	before  *previous // nil without one
	ratings []advisory.Severity
	place   []int    // of a rating, by the number that the collection gave it
	ordinal []uint32 // of a record, by the number that the collection gave it
}

// write lays the collection out as an index.
func (c *collection) write(ctx context.Context, w io.Writer, report *Report, o Options) (Info, error) {
	out, err := newBlockWriter(w)
	if err != nil {
		return Info{}, err
	}
	l := layout{collection: c, ctx: ctx, out: out}
	l.dir = directory{releases: c.releases.list, covered: c.covered(), info: Info{FormatVersion: FormatVersion}}
	for _, s := range report.Sources {
		l.names = append(l.names, s.Name)
		// Scores come out every day, and would make the oldest advisories look new.
		if len(c.covers[s.Name]) > 0 && s.Date.After(l.dir.info.Newest) {
			l.dir.info.Newest = s.Date
		}
	}
	if l.dir.info.Built = o.Time.UTC(); o.Time.IsZero() {
		l.dir.info.Built = l.dir.info.Newest
	}
	l.today = max(0, dayNumber(l.dir.info.Built))
	if o.Previous != nil {
		l.before = newPrevious(o.Previous)
	}
	c.packages = make([]int, len(report.Sources))
	for _, step := range []func() error{l.writeRatings, l.writeRecords, l.writePackages, l.writeFacts} {
		if err := step(); err != nil {
			return Info{}, err
		}
		if err := ctx.Err(); err != nil {
			return Info{}, err
		}
	}
	for i := range report.Sources {
		report.Sources[i].Packages = c.packages[i]
		l.dir.info.Sources = append(l.dir.info.Sources, report.Sources[i].info())
	}
	return out.finish(&l.dir)
}

// writeRatings numbers the severities anew, commonest first, and writes them.
func (l *layout) writeRatings() error {
	l.ratings, l.place = l.collection.ratings.byUse()
	var err error
	l.dir.ratings, err = l.out.block(encodeRatings(l.ratings))
	return err
}
