package store

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// FuzzOpen gives the opener anything, and looks up in what opens.
func FuzzOpen(f *testing.F) {
	data, _ := compiled(f, sources(), Options{Time: buildTime})
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := OpenReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		defer x.Close()
		// Errors are fine answers; panics are not.
		_, _ = x.Lookup("npm", "left-pad")
		_, _ = x.Lookup("Debian:12", "left-pad")
		_, _, _ = x.Facts("CVE-2021-0001")
	})
}

// FuzzBlocks gives the decoders of all kinds of blocks anything: what they
// would see if somebody made an index with valid checksums to hurt us.
func FuzzBlocks(f *testing.F) {
	data, _ := compiled(f, sources(), Options{Time: buildTime})
	x := open(f, data)
	for _, list := range [][]block{x.dir.packages, x.dir.records, x.dir.facts, {x.dir.ratings, {offset: x.foot.offset, size: x.foot.size}}} {
		for _, b := range list {
			raw, err := x.read(b)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
			if p, err := decodePackages(raw); err == nil {
				for _, body := range p.bodies {
					f.Add(body)
				}
			}
		}
	}
	ratings := []advisory.Severity{{Source: "s", Method: "distro", Score: "low"}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := decodePackages(raw); err == nil {
			p.find("npm\x00left-pad")
		}
		if found, statements, err := decodePackage(raw, ratings, func(int) bool { return true }); err == nil {
			for _, s := range found {
				_ = statements[s.statement]
			}
		}
		if list, err := decodeRecords(raw, []SourceInfo{{Name: "npm"}}, ratings); err == nil && len(list) > recordsPerBlock {
			t.Errorf("%d records", len(list))
		}
		if b, err := decodeFacts(raw, ratings); err == nil {
			b.find(1)
		}
		_, _ = decodeRatings(raw)
		_, _ = decodeDirectory(raw, 1<<20)
	})
}

// TestBombs checks that a block which decompresses without end is refused.
func TestBombs(t *testing.T) {
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := z.EncodeAll(make([]byte, maxDirectory+1), nil)
	f := foot{offset: int64(headSize), size: int64(len(bomb))}
	data := append(append(head(), bomb...), f.bytes()...)
	if _, err := OpenReader(bytes.NewReader(data), int64(len(data))); err != errCorrupt {
		t.Errorf("got %v", err)
	}
}
