package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// FuzzOpen gives the opener anything, and looks up in what opens.
func FuzzOpen(f *testing.F) {
	data, _ := compiled(f, sources(), Options{Time: buildTime})
	f.Add(data)
	f.Add(data[:len(data)-1])
	f.Add(everyField(f))
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
		_, _ = x.Find(t.Context(), "CVE-2021-0001")
		_ = x.Walk(context.Background(), func(advisory.Match) error { return nil })
	})
}

// FuzzBlocks gives the decoders of all kinds of blocks anything: what they
// would see if somebody made an index with valid checksums to hurt us.
func FuzzBlocks(f *testing.F) {
	data, _ := compiled(f, sources(), Options{Time: buildTime})
	for _, data := range [][]byte{data, everyField(f)} {
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
	}
	ratings := []advisory.Severity{{Source: "s", Method: "distro", Score: "low"}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := decodePackages(raw); err == nil {
			aboutAny(p.find("npm\x00left-pad"), map[int]bool{0: true})
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

// everyField is an index with what the test's feeds do not give: modules and
// days of fixes.
func everyField(t testing.TB) []byte {
	r := fixedAt("A", "Red Hat:8", []advisory.FixDate{{Version: "1", Day: date("2024-01-01")}, {Version: "2", Day: date("2023-01-01")}}, "1", "2", "3")
	r.Affected[0].Module = "nodejs:18"
	x := indexOf(t, Options{Time: buildTime}, "Red Hat", r)
	data := make([]byte, x.Info().Size)
	if _, err := x.r.ReadAt(data, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return data
}

// TestBlockBombs checks that blocks made to unfold to more than they are worth
// do not fill the memory. Each is what a hostile index could have in 8 MiB.
func TestBlockBombs(t *testing.T) {
	fill := func(head []byte, with byte) []byte {
		b := append(head, bytes.Repeat([]byte{with}, maxBlock-len(head)-16)...)
		return b
	}
	count := func(n int, before ...byte) []byte { return binary.AppendUvarint(before, uint64(n)) }
	const most = maxBlock / 4
	ratings := []advisory.Severity{{Source: "s", Method: "distro", Score: "low"}}
	all := func(int) bool { return true }
	for name, decode := range map[string]func() error{
		"versions":   func() error { _, _, err := decodePackage(fill(count(most, 0), 0), ratings, all); return err },
		"modules":    func() error { _, _, err := decodePackage(fill(count(most, 0, 0, 0), 0), ratings, all); return err },
		"statements": func() error { _, _, err := decodePackage(fill(count(most, 0, 0, 0, 0), 1), ratings, all); return err },
		// One statement of one range with that many events, at the only version.
		"events": func() error {
			head := []byte{0, 1, 0, 1, '1', 0, 0, 1, 2, 1}
			_, _, err := decodePackage(fill(count(2*most, head...), 1), ratings, all)
			return err
		},
		"patterns": func() error {
			_, _, err := decodePackage(fill(count(most, 0, 0, 0, 0, 1, 1), 0), ratings, all)
			return err
		},
		"records": func() error { _, err := decodeRecords(fill(count(most), 0), []SourceInfo{{}}, ratings); return err },
		"aliases": func() error {
			_, err := decodeRecords(fill(count(most, 1, 0, 1, 'A', 0), 0), []SourceInfo{{}}, ratings)
			return err
		},
		"severities": func() error { _, err := decodeFacts(fill(count(most, 1, 1, 0, 0), 0), ratings); return err },
		"keys":       func() error { _, err := decodePackages(fill(count(most), 0)); return err },
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := decode()
			runtime.ReadMemStats(&after)
			const limit = 256 << 20
			if used := after.TotalAlloc - before.TotalAlloc; used > limit {
				t.Errorf("%d MB were used for a block of %d MB (%v)", used>>20, maxBlock>>20, err)
			} else {
				t.Logf("%d MB, %v", used>>20, err)
			}
		})
	}
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
