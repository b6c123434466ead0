package language

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// zipArchive is an opened zip archive and those of its files that were asked for. It is
// read by this package, not by archive/zip, because a jar has thousands of
// files of which two or three matter: archive/zip makes an object of each, and
// takes eight times as long (BenchmarkDirectory).
type zipArchive struct {
	r       *io.SectionReader
	files   []zipFile
	buffers *zipBuffers
}

// zipFile is an entry of the central directory.
type zipFile struct {
	name   string
	flags  uint16
	method uint16
	crc    uint32
	packed int64 // stored bytes
	size   int64 // inflated bytes
	offset int64 // of its local header
}

// maxZipFiles bounds the files that are wanted of one archive. The largest
// real ones, bundles of a whole server, have some 2,000 jars.
const maxZipFiles = 50_000

var errZip = errors.New("it is no zip archive, or cut short")

const (
	endSignature       = "PK\x05\x06"
	end64Signature     = "PK\x06\x06"
	locatorSignature   = "PK\x06\x07"
	directorySignature = "PK\x01\x02"

	endSize       = 22
	locatorSize   = 20
	end64Size     = 56
	directorySize = 46
)

// openZip reads the central directory and keeps the files that want accepts.
// want must not keep the name.
func openZip(r *io.SectionReader, buffers *zipBuffers, want func(name []byte) bool) (*zipArchive, error) {
	end, err := findDirectory(r)
	if err != nil {
		return nil, err
	}
	z := &zipArchive{r: r, buffers: buffers}
	// To its end, not to the number of entries: that is only known modulo
	// 65536 in archives of older tools.
	in := buffers.buffered(io.NewSectionReader(r, end.base+end.offset, end.size))
	count := uint64(0)
	for ; ; count++ {
		header, err := in.Peek(directorySize)
		if err == io.EOF && len(header) == 0 {
			break
		}
		if err != nil || string(header[:4]) != directorySignature {
			return nil, errZip
		}
		le := binary.LittleEndian
		name, extra, comment := int(le.Uint16(header[28:])), int(le.Uint16(header[30:])), int(le.Uint16(header[32:]))
		f := zipFile{
			flags: le.Uint16(header[8:]), method: le.Uint16(header[10:]), crc: le.Uint32(header[16:]),
			packed: int64(le.Uint32(header[20:])), size: int64(le.Uint32(header[24:])), offset: int64(le.Uint32(header[42:])),
		}
		in.Discard(directorySize) // cannot fail: it was peeked
		names, err := in.Peek(name)
		if err != nil {
			return nil, errZip
		}
		if !want(names) {
			if _, err := in.Discard(name + extra + comment); err != nil {
				return nil, errZip
			}
			continue
		}
		if len(z.files) == maxZipFiles {
			return nil, fmt.Errorf("it has more than %d files to read", maxZipFiles)
		}
		f.name = string(names)
		in.Discard(name)
		extras, err := in.Peek(extra)
		if err != nil {
			return nil, errZip
		}
		f.widen(extras)
		f.offset += end.base
		z.files = append(z.files, f)
		if _, err := in.Discard(extra + comment); err != nil {
			return nil, errZip
		}
	}
	if uint16(count) != uint16(end.count) {
		return nil, errZip
	}
	return z, nil
}

// widen takes the sizes and offset that need 64 bits from the extra field.
func (f *zipFile) widen(extra []byte) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, size := le.Uint16(extra), int(le.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			return
		}
		if id == 1 {
			field := extra[:size]
			for _, v := range []*int64{&f.size, &f.packed, &f.offset} {
				if *v == 0xffffffff && len(field) >= 8 {
					*v = int64(le.Uint64(field))
					field = field[8:]
				}
			}
			return
		}
		extra = extra[size:]
	}
}

// directory says where the central directory lies.
type directory struct {
	offset, size int64
	base         int64 // to be added to offsets: what was put before the archive, a shell script for one
	count        uint64
}

func findDirectory(r *io.SectionReader) (directory, error) {
	size := r.Size()
	tail := make([]byte, min(size, 1<<10))
	at := -1
	for at < 0 {
		if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil {
			return directory{}, err
		}
		if at = lastEnd(tail); at >= 0 {
			break
		}
		longest := min(size, 1<<16+endSize) // the comment's length has 16 bits
		if int64(len(tail)) == longest {
			return directory{}, errZip
		}
		tail = make([]byte, longest)
	}
	le := binary.LittleEndian
	end := tail[at:]
	d := directory{
		count: uint64(le.Uint16(end[10:])), size: int64(le.Uint32(end[12:])), offset: int64(le.Uint32(end[16:])),
	}
	endAt := size - int64(len(tail)) + int64(at)
	if d.count == 0xffff || d.size == 0xffffffff || d.offset == 0xffffffff {
		var err error
		if endAt, err = d.widen(r, endAt); err != nil {
			return directory{}, err
		}
	}
	if d.size < 0 || d.offset < 0 || d.size > endAt {
		return directory{}, errZip
	}
	d.base = endAt - d.size - d.offset
	return d, d.rebase(r)
}

// lastEnd finds the end record, -1 if there is none.
func lastEnd(tail []byte) int {
	for to := len(tail); ; {
		at := bytes.LastIndex(tail[:to], []byte(endSignature))
		if at < 0 {
			return -1
		}
		if rest := tail[at:]; len(rest) >= endSize && endSize+int(binary.LittleEndian.Uint16(rest[20:])) <= len(rest) {
			return at
		}
		to = at
	}
}

// widen replaces what did not fit into the end record by what the 64-bit one
// says, if there is one, and tells where the directory ends then.
func (d *directory) widen(r *io.SectionReader, endAt int64) (int64, error) {
	locator := make([]byte, locatorSize)
	if _, err := r.ReadAt(locator, endAt-locatorSize); err != nil || string(locator[:4]) != locatorSignature {
		return endAt, nil // the values are what they are
	}
	le := binary.LittleEndian
	at := int64(le.Uint64(locator[8:]))
	end := make([]byte, end64Size)
	if at < 0 || at > endAt {
		return 0, errZip
	}
	if _, err := r.ReadAt(end, at); err != nil || string(end[:4]) != end64Signature {
		return 0, errZip
	}
	d.count, d.size, d.offset = le.Uint64(end[32:]), int64(le.Uint64(end[40:])), int64(le.Uint64(end[48:]))
	return at, nil
}

// rebase drops the base where the offset is right without one, as for
// archives with bytes between the directory and its end.
func (d *directory) rebase(r *io.SectionReader) error {
	if d.base == 0 || d.size == 0 {
		return nil
	}
	signature := make([]byte, 4)
	if _, err := r.ReadAt(signature, d.offset); err != nil && err != io.EOF {
		return err
	}
	if string(signature) == directorySignature {
		d.base = 0
	}
	return nil
}
