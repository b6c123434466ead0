package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// How many decoded blocks are kept. A package block is some 50 KB, a record
// block some 300 KB in memory; both bounds hold a Debian image's worth.
const (
	keptPackageBlocks = 256
	keptRecordBlocks  = 128
	keptFactsBlocks   = 32
)

// Index is an open index. Its methods may be called concurrently.
type Index struct {
	r        io.ReaderAt
	size     int64
	closer   io.Closer
	foot     foot
	dir      *directory
	zstd     *zstd.Decoder
	releases map[string]int

	packages *cache[*packageBlockIn]
	records  *cache[[]advisory.Record]
	facts    *cache[*factsBlock]
	ratings  func() ([]advisory.Severity, error)
}

// Open opens an index file.
func Open(path string) (*Index, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the advisory index: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotIndex
	}
	var x *Index
	if err == nil {
		x, err = OpenReader(f, info.Size())
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("opening the advisory index %s: %w", path, err)
	}
	x.closer = f
	return x, nil
}

// OpenReader opens an index of so many bytes. It reads the index's directory
// only; every block is checked against its checksum when it is needed, the
// whole by Verify.
func OpenReader(r io.ReaderAt, size int64) (*Index, error) {
	f, err := readFoot(r, size)
	if err != nil {
		return nil, err
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxDirectory), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	x := &Index{
		r: r, size: size, foot: f, zstd: z,
		packages: newCache[*packageBlockIn](keptPackageBlocks),
		records:  newCache[[]advisory.Record](keptRecordBlocks),
		facts:    newCache[*factsBlock](keptFactsBlocks),
	}
	raw, err := x.read(block{offset: f.offset, size: f.size})
	if err != nil {
		z.Close()
		return nil, err
	}
	if x.dir, err = decodeDirectory(raw, f.offset); err != nil {
		z.Close()
		return nil, err
	}
	x.dir.info.FormatVersion = FormatVersion
	x.dir.info.Digest = "sha256:" + hex.EncodeToString(f.sum[:])
	x.dir.info.Size = size
	x.releases = make(map[string]int, len(x.dir.releases))
	for i, r := range x.dir.releases {
		x.releases[r] = i
	}
	x.ratings = sync.OnceValues(func() ([]advisory.Severity, error) {
		raw, err := x.read(x.dir.ratings)
		if err != nil {
			return nil, err
		}
		return decodeRatings(raw)
	})
	return x, nil
}

// Close releases the index's file.
func (x *Index) Close() error {
	x.zstd.Close()
	if x.closer == nil {
		return nil
	}
	return x.closer.Close()
}

// Info is what the index says of itself.
func (x *Index) Info() Info { return x.dir.info }

// Covers says whether the index has data for an ecosystem, with its release
// where it has releases ("Debian:12", "npm"). Where it has none, that nothing
// is found says nothing.
func (x *Index) Covers(ecosystem string) bool {
	base, release, _ := Key(ecosystem, "")
	where := join(base, release)
	i := sort.SearchStrings(x.dir.covered, where)
	return i < len(x.dir.covered) && x.dir.covered[i] == where
}

// Verify reads the whole index and checks its digest. Lookups check what they
// read anyway; this is for a file that has just been copied or fetched.
func (x *Index) Verify() error {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(x.r, 0, x.size-int64(footSize))); err != nil {
		return fmt.Errorf("verifying the advisory index: %w", err)
	}
	if !bytes.Equal(sum.Sum(nil), x.foot.sum[:]) {
		return fmt.Errorf("verifying the advisory index: %w", errCorrupt)
	}
	return nil
}

// read gives a block's contents, checked. The directory's own block does not
// say how large it is.
func (x *Index) read(b block) ([]byte, error) {
	packed := make([]byte, b.size)
	if _, err := x.r.ReadAt(packed, b.offset); err != nil && err != io.EOF {
		return nil, err
	}
	raw, err := x.zstd.DecodeAll(packed, make([]byte, 0, b.raw))
	if err != nil || b.raw > 0 && len(raw) != b.raw {
		return nil, errCorrupt
	}
	return raw, nil
}

// Ecosystems lists what the index covers: an ecosystem with its releases,
// sorted, "" for one that has none.
func (x *Index) Ecosystems() map[string][]string {
	list := make(map[string][]string)
	for _, where := range x.dir.covered {
		base, release, _ := strings.Cut(where, ":")
		list[base] = append(list[base], release)
	}
	return list
}
