package store

import (
	"encoding/json"
	"time"
)

// Info is what an index says of itself.
type Info struct {
	Digest        string       `json:"digest"` // "sha256:…" of the index's contents, checked by Verify
	FormatVersion int          `json:"formatVersion"`
	Built         time.Time    `json:"built"`
	Newest        time.Time    `json:"newest"` // the newest date of any source of advisories; KEV and EPSS are none
	Size          int64        `json:"size"`   // bytes
	Sources       []SourceInfo `json:"sources"`
	Counts        Counts       `json:"counts"`
}

// SourceInfo is one source of an index.
type SourceInfo struct {
	Name     string    `json:"name"`
	Date     time.Time `json:"date,omitzero"`     // of its newest record; zero where it does not say
	Records  int       `json:"records"`           // records or facts taken from it
	Packages int       `json:"packages"`          // distinct packages, per ecosystem and release
	Partial  bool      `json:"partial,omitempty"` // it is known not to have all that its publisher has
	Licence  string    `json:"licence,omitempty"`
	URL      string    `json:"url,omitempty"`
}

// Counts is how much an index holds.
type Counts struct {
	Records        int `json:"records"`
	Packages       int `json:"packages"`   // distinct names per ecosystem
	Statements     int `json:"statements"` // of a record about a package in a release
	CVEs           int `json:"cves"`       // with facts
	KnownExploited int `json:"knownExploited"`
	Scored         int `json:"scored"` // by EPSS
}

// directory is everything that is read when an index is opened.
type directory struct {
	info     Info
	releases []string // release names, "" first
	covered  []string // ecosystems with release that the index has data for, sorted
	packages []block  // first is the key of its first package
	records  []block
	facts    []block // first is the number of its first CVE
	ratings  block
}

// block says where a block lies.
type block struct {
	offset, size int64
	raw          int // bytes once decompressed
	first        string
	firstCVE     uint64
}

func (d *directory) encode() ([]byte, error) {
	meta, err := json.Marshal(d.info)
	if err != nil {
		return nil, err
	}
	var e encoder
	e.text(string(meta))
	e.texts(d.releases)
	e.texts(d.covered)
	e.block(d.ratings)
	previous := ""
	e.int(len(d.packages))
	for _, b := range d.packages {
		e.block(b)
		e.follow(previous, b.first)
		previous = b.first
	}
	e.int(len(d.records))
	for _, b := range d.records {
		e.block(b)
	}
	e.int(len(d.facts))
	for _, b := range d.facts {
		e.block(b)
		e.uint(b.firstCVE)
	}
	return e.b, nil
}

// decodeDirectory reads a directory of an index whose blocks end at end.
func decodeDirectory(data []byte, end int64) (*directory, error) {
	d := decoder{b: data}
	var dir directory
	if err := json.Unmarshal(d.bytes(), &dir.info); err != nil {
		return nil, errCorrupt
	}
	dir.releases = d.texts()
	dir.covered = d.texts()
	dir.ratings = d.block(end)
	previous := ""
	dir.packages = make([]block, d.count(5))
	for i := range dir.packages {
		dir.packages[i] = d.block(end)
		dir.packages[i].first = d.follow(previous)
		previous = dir.packages[i].first
	}
	dir.records = make([]block, d.count(3))
	for i := range dir.records {
		dir.records[i] = d.block(end)
	}
	dir.facts = make([]block, d.count(4))
	for i := range dir.facts {
		dir.facts[i] = d.block(end)
		dir.facts[i].firstCVE = d.uint()
	}
	return &dir, d.err
}

func (e *encoder) block(b block) {
	e.uint(uint64(b.offset))
	e.uint(uint64(b.size))
	e.int(b.raw)
}

func (d *decoder) block(end int64) block {
	offset, size, raw := d.uint(), d.uint(), d.uint()
	if offset > uint64(end) || size > uint64(end)-offset || raw > maxBlock {
		d.fail()
		return block{}
	}
	return block{offset: int64(offset), size: int64(size), raw: int(raw)}
}
