package layer

import (
	"archive/tar"
	"fmt"
	"io"
	"strings"
)

// windowSize is how much is read at a time of an archive that can be sought:
// small files lie close together, so one read serves several headers; after a
// large one, little is read in vain.
const windowSize = 8 << 10

// window reads an archive through a small buffer; seeking costs nothing until
// something is read there.
type window struct {
	r      io.ReaderAt
	size   int64
	pos    int64 // of the next Read
	start  int64 // of buffer's first byte
	filled int
	buffer [windowSize]byte
}

func (w *window) Read(p []byte) (int, error) {
	if w.pos >= w.size {
		return 0, io.EOF
	}
	if w.pos < w.start || w.pos >= w.start+int64(w.filled) {
		if len(p) >= windowSize {
			n, err := w.r.ReadAt(p[:min(int64(len(p)), w.size-w.pos)], w.pos)
			w.pos += int64(n)
			return n, ignoreEOF(n, err)
		}
		n, err := w.r.ReadAt(w.buffer[:min(windowSize, w.size-w.pos)], w.pos)
		w.start, w.filled = w.pos, n
		if err := ignoreEOF(n, err); err != nil {
			return 0, err
		}
	}
	n := copy(p, w.buffer[w.pos-w.start:w.filled])
	w.pos += int64(n)
	return n, nil
}

// ignoreEOF forgives a reader that reports the end together with the bytes
// before it, as io.ReaderAt may. A file that shrank under us is an error.
func ignoreEOF(n int, err error) error {
	if err == io.EOF {
		if n > 0 {
			return nil
		}
		return io.ErrUnexpectedEOF
	}
	return err
}

func (w *window) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += w.pos
	case io.SeekEnd:
		offset += w.size
	}
	if offset < 0 {
		return 0, fmt.Errorf("seeking to %d", offset)
	}
	w.pos = offset
	return offset, nil
}

// inPlace gives contents straight from an archive that can be sought.
type inPlace struct {
	window *window
	sparse streamed // for the entries whose bytes do not stand there as they are
	first  [HeadSize]byte
}

func (c *inPlace) head(h *tar.Header) ([]byte, error) {
	if isSparse(h) {
		return c.sparse.head(h)
	}
	n := min(h.Size, HeadSize)
	at := c.window.pos
	_, err := io.ReadFull(c.window, c.first[:n])
	c.window.pos = at
	return c.first[:n], unexpected(err)
}

func (c *inPlace) all(h *tar.Header) (*io.SectionReader, func(), error) {
	if isSparse(h) {
		return c.sparse.all(h)
	}
	if h.Size > c.window.size-c.window.pos {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return io.NewSectionReader(c.window.r, c.window.pos, h.Size), func() {}, nil
}

// isSparse says that an entry's bytes do not stand in the archive as they are.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}
