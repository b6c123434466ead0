// Package store keeps advisories in one compact file, the index, that opens
// without being decompressed or read whole.
//
// An index is built like a sorted string table. After a short head come
// blocks, each a zstd frame with its own checksum; then a directory that says
// where each block lies and with what it begins; then a foot of fixed size
// that says where the directory lies and holds the SHA-256 of all before it.
// Opening reads foot and directory only. There are four kinds of blocks:
//
//	packages  sorted by ecosystem and name; each with the versions and the
//	          days on which they came out, the statements about them, and
//	          the ordinals of the records that make them
//	records   sorted by source and id, recordsPerBlock each; ids, dates,
//	          severities
//	facts     sorted by CVE, factsPerBlock each; KEV, EPSS, severities
//	ratings   one block: every distinct severity, referred to by number
//
// What repeats is written once: a record is in one place however many packages
// it names, and a package's versions are a table that its ranges point into.
//
// Compiling takes the same memory for input of any size, but for a table of
// ids: what feeds hand on goes through external merge sorts, one by package,
// one by record and one by CVE, and comes out in the order in which it is
// written.
//
// The same input gives the same bytes.
package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// FormatVersion grows when an older reader would misread the file.
const FormatVersion = 2

const (
	headMagic = "LGindex\n"
	footMagic = "\nLGfoot\n"
	headSize  = len(headMagic) + 8
	footSize  = 8 + 8 + 32 + 8 + len(footMagic) // where, how long, SHA-256, version, magic

	recordsPerBlock = 1024
	factsPerBlock   = 4096
	packageBlock    = 48 << 10 // a package block is full at this size
	packagesMost    = 1 << 16  // packages of a block; so many do not fit one

	maxBlock     = 8 << 20 // bytes of a block once decompressed
	maxDirectory = 16 << 20
)

// foot is the fixed end of an index.
type foot struct {
	offset, size int64 // of the directory
	sum          [32]byte
}

func head() []byte {
	return binary.LittleEndian.AppendUint64([]byte(headMagic), FormatVersion)
}

func (f foot) bytes() []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(f.offset))
	b = binary.LittleEndian.AppendUint64(b, uint64(f.size))
	b = append(b, f.sum[:]...)
	b = binary.LittleEndian.AppendUint64(b, FormatVersion)
	return append(b, footMagic...)
}

// The ways in which a file is not an index that this programme can read.
var (
	errNotIndex = errors.New("not an advisory index (build one with `layergate db build`)")
	errCut      = errors.New("the index is cut short; fetch or build it again")
)

// readFoot checks that r is an index of a version that can be read.
func readFoot(r io.ReaderAt, size int64) (foot, error) {
	var f foot
	start := make([]byte, headSize)
	if _, err := r.ReadAt(start, 0); err != nil && err != io.EOF {
		return f, err
	}
	if string(start[:len(headMagic)]) != headMagic {
		return f, errNotIndex
	}
	if v := binary.LittleEndian.Uint64(start[len(headMagic):]); v > FormatVersion {
		return f, fmt.Errorf("the index has format version %d and this layergate reads %d; update layergate", v, FormatVersion)
	} else if v < FormatVersion {
		return f, fmt.Errorf("the index has format version %d and this layergate reads %d; build or fetch it anew", v, FormatVersion)
	}
	end := make([]byte, footSize)
	if size < int64(headSize+footSize) {
		return f, errCut
	}
	if _, err := r.ReadAt(end, size-int64(footSize)); err != nil && err != io.EOF {
		return f, err
	}
	if string(end[footSize-len(footMagic):]) != footMagic {
		return f, errCut
	}
	f.offset = int64(binary.LittleEndian.Uint64(end))
	f.size = int64(binary.LittleEndian.Uint64(end[8:]))
	copy(f.sum[:], end[16:48])
	if f.offset < int64(headSize) || f.size < 0 || f.size > maxDirectory || f.offset+f.size != size-int64(footSize) {
		return f, errCorrupt
	}
	return f, nil
}
