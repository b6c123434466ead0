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
	if _, err := z.r.ReadAt(header, f.offset); err != nil && err != io.EOF {
		return nil, err
	} else if err == io.EOF || string(header[:4]) != localSignature {
		return nil, errZipFile
	}
	at := f.offset + localSize +
		int64(binary.LittleEndian.Uint16(header[26:])) + int64(binary.LittleEndian.Uint16(header[28:]))
	if f.packed > z.r.Size()-at {
		return nil, errZipFile
	}
	return io.NewSectionReader(z.r, at, f.packed), nil
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
		if c.r, err = z.inflate.reset(section); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("its compression method %d is not supported", f.method)
	}
	return c, nil
}

// inflater inflates one stream after the other with the same buffers.
type inflater struct {
	in  *bufio.Reader
	out io.ReadCloser
}

func (i *inflater) reset(r io.Reader) (io.Reader, error) {
	if i.out == nil {
		i.in = bufio.NewReader(r)
		i.out = flate.NewReader(i.in)
		return i.out, nil
	}
	i.in.Reset(r)
	return i.out, i.out.(flate.Resetter).Reset(i.in, nil)
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
