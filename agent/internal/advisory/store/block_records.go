package store

import (
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// A record block is written column by column, since like things compress best
// together. Dates are kept to the day.

// storedRecord is a record as a block holds it.
type storedRecord struct {
	record     *advisory.Record // without Affected, Feed and Severities
	source     int
	severities []int // numbers of ratings
}

func encodeRecords(list []storedRecord) []byte {
	var e encoder
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.record.ID
	}
	e.texts(ids)
	for _, r := range list {
		e.int(r.source)
	}
	for _, r := range list {
		e.ids(r.record.ID, r.record.Aliases)
	}
	for _, r := range list {
		e.ids(r.record.ID, r.record.Upstream)
	}
	last := int64(0)
	for _, r := range list {
		e.signed(dayNumber(r.record.Modified) - last)
		last = dayNumber(r.record.Modified)
	}
	for _, r := range list {
		e.signed(dayNumber(r.record.Modified) - dayNumber(r.record.Published))
	}
	for _, r := range list {
		e.numbers(r.severities)
	}
	return e.b
}

// decodeRecords reads a block; Feed and Severities are looked up in the
// index's own tables.
func decodeRecords(data []byte, sources []SourceInfo, ratings []advisory.Severity) ([]advisory.Record, error) {
	d := decoder{b: data}
	n := d.count(2)
	if n > recordsPerBlock {
		return nil, errCorrupt
	}
	ids := d.followers(n)
	list := make([]advisory.Record, len(ids))
	for i := range list {
		list[i].ID = ids[i]
	}
	for i := range list {
		if n := d.below(len(sources)); d.err == nil {
			list[i].Feed = sources[n].Name
		}
	}
	others := make([]string, 0, 2*len(list)) // most records have one other id
	for i := range list {
		list[i].Aliases, others = d.ids(list[i].ID, others)
	}
	for i := range list {
		list[i].Upstream, others = d.ids(list[i].ID, others)
	}
	modified := make([]int64, len(list))
	last := int64(0)
	for i := range list {
		last += d.signed()
		modified[i] = last
		list[i].Modified = dayTime(last)
	}
	for i := range list {
		list[i].Published = dayTime(modified[i] - d.signed())
	}
	for i := range list {
		list[i].Severities = d.severities(ratings)
	}
	return list, d.err
}

// An id is written as one of these, or as its length plus idText and its text.
const (
	idTail = iota // the record's own id behind its first "-": DEBIAN-CVE-… → CVE-…
	idCVE         // a year and a number
	idText
)

func (e *encoder) ids(own string, list []string) {
	e.int(len(list))
	_, tail, _ := strings.Cut(own, "-")
	for _, id := range list {
		year, number, cve := feed.ParseCVE(id)
		switch {
		case id == tail:
			e.uint(idTail)
		case cve:
			e.uint(idCVE)
			e.uint(uint64(year))
			e.uint(uint64(number))
		default:
			e.int(idText + len(id))
			e.b = append(e.b, id...)
		}
	}
}

// ids reads a list of ids, appended to pool so that lists share memory.
func (d *decoder) ids(own string, pool []string) (list, rest []string) {
	n := d.count(1)
	if n == 0 || !d.spend(uint64(n)) {
		return nil, pool
	}
	begin := len(pool)
	_, tail, _ := strings.Cut(own, "-")
	for range n {
		id := ""
		switch kind := d.uint(); {
		case kind == idTail:
			id = tail
		case kind == idCVE:
			id = cveID(d.uint()<<32 | d.uint()&0xffffffff)
		case kind-idText > uint64(len(d.b)):
			d.fail()
		default:
			id = string(d.b[:kind-idText])
			d.b = d.b[kind-idText:]
		}
		pool = append(pool, id)
	}
	return pool[begin:len(pool):len(pool)], pool
}

// severities reads numbers of ratings.
func (d *decoder) severities(ratings []advisory.Severity) []advisory.Severity {
	n := d.count(1)
	if n == 0 || !d.spend(uint64(n)) {
		return nil
	}
	list := make([]advisory.Severity, n)
	for i := range list {
		if k := d.below(len(ratings)); d.err == nil {
			list[i] = ratings[k]
		}
	}
	return list
}

// dayNumber counts days since 1 January 1970, from 1; 0 is "no date".
func dayNumber(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()/86400 + 1
}

func dayTime(n int64) time.Time {
	if n <= 0 || n > 1<<24 {
		return time.Time{}
	}
	return time.Unix((n-1)*86400, 0).UTC()
}
