package layer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
)

// inMemory is the largest wanted file that is kept in memory while it is
// looked at; larger ones of a stream go through an unlinked temporary file.
const inMemory = 16 << 20

// streamed gives contents from a stream, where they pass only once.
type streamed struct {
	walker *walker
	tar    *tar.Reader
	peeked []byte      // what head took from the stream
	of     *tar.Header // the entry that peeked is of
	first  [HeadSize]byte
}

func (c *streamed) head(h *tar.Header) ([]byte, error) {
	n, err := io.ReadFull(c.tar, c.first[:min(h.Size, HeadSize)])
	c.peeked, c.of = c.first[:n], h
	return c.peeked, unexpected(err)
}

func (c *streamed) all(h *tar.Header) (*io.SectionReader, func(), error) {
	var head []byte
	if c.of == h {
		head = c.peeked
	}
	size := h.Size
	if size > inMemory {
		return spool(io.MultiReader(bytes.NewReader(head), c.tar), size, c.walker.options.TempDir)
	}
	if int64(cap(c.walker.buffer)) < size {
		c.walker.buffer = make([]byte, min(inMemory, max(2*size, 64<<10)))
	}
	b := c.walker.buffer[:size]
	copy(b, head)
	if _, err := io.ReadFull(c.tar, b[len(head):]); err != nil {
		return nil, nil, unexpected(err)
	}
	return io.NewSectionReader(bytes.NewReader(b), 0, size), func() {}, nil
}

// spool copies what is too large for memory to a file that has no name, so
// that nothing is left behind however we end.
func spool(r io.Reader, size int64, dir string) (*io.SectionReader, func(), error) {
	f, err := os.CreateTemp(dir, "layergate-*")
	if err != nil {
		return nil, nil, fmt.Errorf("keeping a file of %d bytes: %w", size, err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("unlinking a temporary file: %w", err)
	}
	if _, err := io.CopyN(f, r, size); err != nil {
		f.Close()
		return nil, nil, unexpected(err)
	}
	return io.NewSectionReader(f, 0, size), func() { f.Close() }, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
