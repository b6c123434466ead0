package language

import (
	"bytes"
	"encoding/binary"
	"io"
)

const (
	endSignature     = "PK\x05\x06"
	end64Signature   = "PK\x06\x06"
	locatorSignature = "PK\x06\x07"

	endSize     = 22
	locatorSize = 20
	end64Size   = 56
)

// directory says where the central directory lies.
type directory struct {
	offset, size int64
	base         int64 // to be added to offsets: what was put before the archive, a shell script for one
	count        uint64
}

func findDirectory(r *io.SectionReader) (directory, error) {
	end, endAt, err := findEnd(r)
	if err != nil {
		return directory{}, err
	}
	le := binary.LittleEndian
	d := directory{
		count: uint64(le.Uint16(end[10:])), size: int64(le.Uint32(end[12:])), offset: int64(le.Uint32(end[16:])),
	}
	if d.count == 0xffff || d.size == 0xffffffff || d.offset == 0xffffffff {
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

// findEnd finds the end record and its place. Only a comment of up to 64 KB
// may follow it, and mostly none does.
func findEnd(r *io.SectionReader) ([]byte, int64, error) {
	size := r.Size()
	for _, length := range []int64{1 << 10, endSize + 1<<16} {
		tail := make([]byte, min(size, length))
		at := size - int64(len(tail))
		if err := readAt(r, tail, at); err != nil {
			return nil, 0, err
		}
		if i := lastEnd(tail); i >= 0 {
			return tail[i:], at + int64(i), nil
		}
	}
	return nil, 0, errZip
}

// readAt fills p; that p ends where r does is no error.
func readAt(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == io.EOF {
		return errZip
	}
	return err
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
	locator, end := make([]byte, locatorSize), make([]byte, end64Size)
	if err := readAt(r, locator, endAt-locatorSize); err != nil && err != errZip {
		return 0, err
	}
	if string(locator[:4]) != locatorSignature {
		return endAt, nil // the values are what they are
	}
	le := binary.LittleEndian
	at := int64(le.Uint64(locator[8:]))
	if at > endAt {
		return 0, errZip
	}
	if err := readAt(r, end, at); err != nil {
		return 0, err
	}
	if string(end[:4]) != end64Signature {
		return 0, errZip
	}
	d.count, d.size, d.offset = le.Uint64(end[32:]), int64(le.Uint64(end[40:])), int64(le.Uint64(end[48:]))
	return at, nil
}

// rebase drops the base where the offset is right without one, as for
// archives with bytes between the directory and its end.
func (d *directory) rebase(r *io.SectionReader) error {
	if d.base <= 0 {
		return nil
	}
	signature := make([]byte, 4)
	if err := readAt(r, signature, d.offset); err != nil && err != errZip {
		return err
	}
	if string(signature) == directorySignature {
		d.base = 0
	}
	return nil
}
