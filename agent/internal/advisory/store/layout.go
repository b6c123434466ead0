package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"

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
		if s.Date.After(l.dir.info.Newest) {
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
		if err := errors.Join(step(), ctx.Err()); err != nil {
			return Info{}, firstOf(err)
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

// writeRecords joins the parts of records, gives the records their ordinals,
// and writes them.
func (l *layout) writeRecords() error {
	l.ordinal = make([]uint32, len(l.sourceOf))
	var chunk []storedRecord
	var last []byte
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		for i := range chunk {
			chunk[i].severities = renumbered(chunk[i].severities, l.place)
		}
		b, err := l.out.block(encodeRecords(chunk))
		l.dir.records = append(l.dir.records, b)
		chunk = chunk[:0]
		return err
	}
	err := l.records.each(l.ctx, func(key, value []byte) error {
		if last == nil || !bytes.Equal(key, last) {
			if len(chunk) == recordsPerBlock {
				if err := flush(); err != nil {
					return err
				}
			}
			last = append(last[:0], key...)
			chunk = append(chunk, storedRecord{source: int(binary.BigEndian.Uint32(key)), record: new(advisory.Record)})
			l.dir.info.Counts.Records++
		}
		number, err := chunk[len(chunk)-1].join(value)
		if err == nil {
			l.ordinal[number] = uint32(l.dir.info.Counts.Records - 1)
		}
		return err
	})
	if err != nil {
		return err
	}
	return flush()
}

// join adds a part that spillRecord wrote.
func (s *storedRecord) join(value []byte) (number uint32, err error) {
	d := decoder{b: value}
	number = uint32(d.uint())
	r := s.record
	r.ID = string(d.bytes())
	if modified := dayTime(int64(d.uint())); modified.After(r.Modified) {
		r.Modified = modified
	}
	if p := dayTime(int64(d.uint())); r.Published.IsZero() || !p.IsZero() && p.Before(r.Published) {
		r.Published = p
	}
	s.severities = newNumbers(s.severities, d.numbers())
	for _, list := range []*[]string{&r.Aliases, &r.Upstream} {
		more := make([]string, d.count(1))
		for i := range more {
			more[i] = string(d.bytes())
		}
		*list = union(*list, more)
	}
	return number, d.err
}

// writeFacts writes what is known of the CVEs that a record names or that are
// known to be exploited; a score alone of anything else is of no use, and
// neither is a name alone.
func (l *layout) writeFacts() error {
	var chunk []storedFacts
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		b, err := l.out.block(encodeFacts(chunk))
		b.firstCVE = chunk[0].cve
		l.dir.facts = append(l.dir.facts, b)
		chunk = chunk[:0]
		return err
	}
	var f storedFacts
	take := func() error {
		if f.kev == 0 && (!f.named || f.epss == 0 && len(f.severities) == 0) {
			return nil
		}
		slices.SortStableFunc(f.severities, func(a, b int) int {
			return vectorsFirst(l.collection.ratings.list[a], l.collection.ratings.list[b])
		})
		f.severities = renumbered(f.severities, l.place)
		l.dir.info.Counts.add(&f)
		chunk = append(chunk, f)
		if len(chunk) < factsPerBlock {
			return nil
		}
		return flush()
	}
	err := l.facts.each(l.ctx, func(key, value []byte) error {
		if cve := binary.BigEndian.Uint64(key); cve != f.cve {
			if err := take(); err != nil {
				return err
			}
			f = storedFacts{cve: cve}
		}
		return f.join(value)
	})
	if err != nil {
		return err
	}
	return errors.Join(take(), flush())
}

func (c *Counts) add(f *storedFacts) {
	c.CVEs++
	if f.kev > 0 {
		c.KnownExploited++
	}
	if f.epss > 0 {
		c.Scored++
	}
}

// union is a sorted set of both lists' texts.
func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}
