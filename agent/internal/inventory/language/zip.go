package language

import (
	"bufio"
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

// Limits of the files that are wanted of one archive. The largest real ones,
// bundles of a whole server, have some 2,000 jars.
const (
	maxZipFiles = 20_000
	maxZipName  = 4096
)

var errZip = errors.New("it is no zip archive, or cut short")

const (
	directorySignature = "PK\x01\x02"
	directorySize      = 46
)

// openZip reads the central directory and keeps the files that want accepts.
// want must not keep the name.
func openZip(r *io.SectionReader, buffers *zipBuffers, want func(name []byte) bool) (*zipArchive, error) {
	end, err := findDirectory(r)
	if err != nil {
		return nil, err
	}
	z := &zipArchive{r: r, buffers: buffers}
	start := end.base + end.offset
	in := buffers.buffered(io.NewSectionReader(r, start, r.Size()-start))
	// As long as there are entries: older tools write their number modulo
	// 65536, and some a wrong size.
	count := uint64(0)
	for ; ; count++ {
		f, err := nextFile(in, want)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		if len(z.files) == maxZipFiles {
			return nil, fmt.Errorf("it has more than %d files to read", maxZipFiles)
		}
		f.offset += end.base
		z.files = append(z.files, *f)
	}
	if uint16(count) != uint16(end.count) {
		return nil, errZip
	}
	return z, nil
}

// nextFile reads an entry of the central directory: nil if it is not wanted,
// io.EOF if what follows is none.
func nextFile(in *bufio.Reader, want func(name []byte) bool) (*zipFile, error) {
	peeked, err := in.Peek(directorySize)
	if err != nil {
		return nil, err
	}
	header := [directorySize]byte(peeked)
	if string(header[:4]) != directorySignature {
		return nil, io.EOF
	}
	le := binary.LittleEndian
	nameSize, extraSize := int(le.Uint16(header[28:])), int(le.Uint16(header[30:]))
	rest := extraSize + int(le.Uint16(header[32:])) // and a comment
	if _, err := in.Discard(directorySize); err != nil {
		return nil, err
	}
	name, err := in.Peek(nameSize)
	if err != nil {
		return nil, err
	}
	if !want(name) {
		_, err := in.Discard(nameSize + rest)
		return nil, err
	}
	if nameSize > maxZipName {
		return nil, fmt.Errorf("it has a file with a name of %d bytes", nameSize)
	}
	f := &zipFile{
		name:  string(name),
		flags: le.Uint16(header[8:]), method: le.Uint16(header[10:]), crc: le.Uint32(header[16:]),
		packed: int64(le.Uint32(header[20:])), size: int64(le.Uint32(header[24:])), offset: int64(le.Uint32(header[42:])),
	}
	if _, err := in.Discard(nameSize); err != nil {
		return nil, err
	}
	extra, err := in.Peek(extraSize)
	if err != nil {
		return nil, err
	}
	f.widen(extra)
	_, err = in.Discard(rest)
	return f, err
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
