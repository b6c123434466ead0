package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// spillRecord keeps a part of a record.
func (in *intake) spillRecord(number uint32, r *advisory.Record) error {
	key := binary.BigEndian.AppendUint32(nil, in.sourceOf[number])
	key = append(appendNatural(key, r.ID), 0)
	key = append(key, r.ID...)
	var e encoder
	e.uint(uint64(number))
	e.text(r.ID)
	modified := r.Modified
	if !in.believes(modified) {
		modified = time.Time{}
	}
	e.uint(uint64(max(0, dayNumber(modified))))
	e.uint(uint64(max(0, dayNumber(r.Published))))
	e.numbers(in.numbered(r.Severities))
	for _, ids := range [][]string{r.Aliases, r.Upstream} {
		e.int(len(ids))
		for _, id := range ids {
			e.text(id)
		}
	}
	return in.records.add(key, e.b)
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
		raw := encodeRecords(chunk)
		if _, err := decodeRecords(raw, make([]SourceInfo, len(l.names)), l.ratings); err != nil || len(raw) > maxBlock {
			return fmt.Errorf("the records up to %q: %w", chunk[len(chunk)-1].record.ID, errTooMuch)
		}
		b, err := l.out.block(raw)
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

// union is a sorted set of both lists' texts.
func union(a, b []string) []string {
	if len(b) == 0 {
		return a
	}
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}
