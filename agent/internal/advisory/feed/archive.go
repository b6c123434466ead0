package feed

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// archive is a zip file (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT,
// section 4.3) that is read entry by entry. archive/zip holds the directory of
// all entries in memory, some 300 bytes each, which is too much for an archive
// of millions of tiny records.
type archive struct {
	r       io.ReaderAt
	entries uint64            // as the end of the file says
	dir     *io.SectionReader // the directory
}

// The signatures and fixed sizes of the parts that are read.
const (
	zipEntrySig   = 0x02014b50
	zipLocalSig   = 0x04034b50
	zipEndSig     = 0x06054b50
	zip64EndSig   = 0x06064b50
	zip64WhereSig = 0x07064b50

	zipEntrySize   = 46
	zipLocalSize   = 30
	zipEndSize     = 22
	zip64EndSize   = 56
	zip64WhereSize = 20
)

// maxInflated bounds what all entries of an archive may inflate to. The
// largest archive that is published is a hundredth of it.
const maxInflated = 128 << 30

var (
	errNotZip = errors.New("not a whole zip archive; fetch it again")
	little    = binary.LittleEndian
)

// each calls do for every entry, in the order of the directory. What do leaves
// unread is not checked.
func (a *archive) each(do func(name string, content io.Reader) error) error {
	dir := bufio.NewReaderSize(a.dir, 64<<10)
	in := bufio.NewReaderSize(nil, 32<<10)
	inflater := flate.NewReader(in)
	inflated := uint64(0)
	for range a.entries {
		e, err := nextEntry(dir)
		if err != nil {
			return err
		}
		if inflated += e.size; e.size > maxInflated || inflated > maxInflated {
			return errTooLarge
		}
		stored, err := a.stored(e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.name, err)
		}
		in.Reset(stored)
		var content io.Reader = in
		switch e.method {
		case 0:
		case 8:
			if err := inflater.(flate.Resetter).Reset(in, nil); err != nil {
				return fmt.Errorf("%s: %w", e.name, err)
			}
			content = inflater
		default:
			return fmt.Errorf("%s: compressed by method %d, which is not known", e.name, e.method)
		}
		if err := do(e.name, &checked{r: content, left: e.size, sum: crc32.NewIEEE(), want: e.sum}); err != nil {
			return err
		}
	}
	if _, err := dir.ReadByte(); err != io.EOF {
		return errNotZip
	}
	return nil
}

// zipEntry is an entry of the directory.
type zipEntry struct {
	name                 string
	method               uint16
	sum                  uint32
	packed, size, offset uint64
}

func nextEntry(dir *bufio.Reader) (*zipEntry, error) {
	var h [zipEntrySize]byte
	if _, err := io.ReadFull(dir, h[:]); err != nil || little.Uint32(h[:]) != zipEntrySig {
		return nil, errNotZip
	}
	if little.Uint16(h[8:])&1 != 0 {
		return nil, errors.New("the archive is encrypted")
	}
	e := &zipEntry{
		method: little.Uint16(h[10:]), sum: little.Uint32(h[16:]),
		packed: uint64(little.Uint32(h[20:])), size: uint64(little.Uint32(h[24:])), offset: uint64(little.Uint32(h[42:])),
	}
	name, extra, comment := int(little.Uint16(h[28:])), int(little.Uint16(h[30:])), int(little.Uint16(h[32:]))
	text := make([]byte, name+extra)
	if _, err := io.ReadFull(dir, text); err != nil {
		return nil, errNotZip
	}
	if _, err := dir.Discard(comment); err != nil {
		return nil, errNotZip
	}
	e.name = string(text[:name])
	return e, e.enlarge(text[name:])
}

// enlarge takes the fields that did not fit from the extra fields.
func (e *zipEntry) enlarge(extra []byte) error {
	for len(extra) >= 4 {
		id, n := little.Uint16(extra), int(little.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		field := extra[:n]
		extra = extra[n:]
		if id != 1 {
			continue
		}
		for _, v := range []*uint64{&e.size, &e.packed, &e.offset} {
			if *v != 0xffffffff {
				continue
			}
			if len(field) < 8 {
				return errNotZip
			}
			*v, field = little.Uint64(field), field[8:]
		}
	}
	return nil
}

// stored is an entry's content as it lies in the archive.
func (a *archive) stored(e *zipEntry) (io.Reader, error) {
	var h [zipLocalSize]byte
	if e.offset > 1<<62 || e.packed > 1<<62 {
		return nil, errNotZip
	}
	if _, err := a.r.ReadAt(h[:], int64(e.offset)); err != nil || little.Uint32(h[:]) != zipLocalSig {
		return nil, errNotZip
	}
	start := int64(e.offset) + zipLocalSize + int64(little.Uint16(h[26:])) + int64(little.Uint16(h[28:]))
	return io.NewSectionReader(a.r, start, int64(e.packed)), nil
}

// checked is a reader of left bytes that have a checksum.
type checked struct {
	r    io.Reader
	left uint64
	sum  hash.Hash32
	want uint32
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.sum.Write(p[:n])
	if uint64(n) > c.left {
		return 0, errors.New("zip: longer than the archive's directory says")
	}
	c.left -= uint64(n)
	if err == io.EOF {
		if c.left > 0 {
			return n, io.ErrUnexpectedEOF
		}
		if c.sum.Sum32() != c.want {
			return n, errors.New("zip: checksum error")
		}
	}
	return n, err
}
