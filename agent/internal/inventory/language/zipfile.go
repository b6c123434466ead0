package language

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

const (
	localSignature = "PK\x03\x04"
	localSize      = 30

	stored   = 0
	deflated = 8
)

var errZipFile = errors.New("its zip entry is broken")

// section is a file's stored bytes.
func (z *zipArchive) section(f zipFile) (*io.SectionReader, error) {
	if f.flags&1 != 0 {
		return nil, errors.New("it is encrypted")
	}
	if f.offset < 0 || f.packed < 0 || f.size < 0 {
		return nil, errZipFile
	}
	header := make([]byte, localSize)
	if err := readAt(z.r, header, f.offset); err != nil {
		return nil, err
	}
	if string(header[:4]) != localSignature {
		return nil, errZipFile
	}
	at := f.offset + localSize +
		int64(binary.LittleEndian.Uint16(header[26:])) + int64(binary.LittleEndian.Uint16(header[28:]))
	// A packed size beyond the archive's end does no harm where the content
	// ends before; where it does not, its reader says so.
	return io.NewSectionReader(z.r, at, min(f.packed, max(0, z.r.Size()-at))), nil
}

// open gives a file's content, as long as the directory says and not a byte
// longer. Who reads it to its end gets an error there, not io.EOF, if it is
// not what was put in. The reader is good until the next call.
func (z *zipArchive) open(f zipFile) (io.Reader, error) {
	section, err := z.section(f)
	if err != nil {
		return nil, err
	}
	c := &checked{r: section, left: f.size, want: f.crc, sum: crc32.NewIEEE()}
	switch f.method {
	case stored:
	case deflated:
		if c.r, err = z.buffers.inflate(section); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("its compression method %d is not supported", f.method)
	}
	return c, nil
}

// zipBuffers are used for one archive, and one file of it, after the other.
type zipBuffers struct {
	directory *bufio.Reader
	packed    *bufio.Reader
	inflated  io.ReadCloser
}

func (b *zipBuffers) inflate(r io.Reader) (io.Reader, error) {
	if b.inflated == nil {
		b.packed = bufio.NewReader(r)
		b.inflated = flate.NewReader(b.packed)
		return b.inflated, nil
	}
	b.packed.Reset(r)
	return b.inflated, b.inflated.(flate.Resetter).Reset(b.packed, nil)
}

// buffered reads a central directory, of whose entries the longest part that
// is looked at at once, a name or an extra field, has up to 64 KB.
func (b *zipBuffers) buffered(r io.Reader) *bufio.Reader {
	if b.directory == nil {
		b.directory = bufio.NewReaderSize(r, 1<<16)
	} else {
		b.directory.Reset(r)
	}
	return b.directory
}

// checked ends after left bytes and compares their CRC-32.
type checked struct {
	r    io.Reader
	left int64
	want uint32
	sum  hash.Hash32
}

func (c *checked) Read(p []byte) (int, error) {
	if c.left == 0 {
		if c.sum.Sum32() != c.want {
			return 0, errors.New("its CRC-32 is wrong")
		}
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.sum.Write(p[:n])
	c.left -= int64(n)
	switch {
	case err == io.EOF && c.left > 0:
		return n, io.ErrUnexpectedEOF
	case err == io.EOF:
		return n, nil
	}
	return n, err
}
