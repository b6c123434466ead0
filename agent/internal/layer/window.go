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

// peek gives the next n bytes, or what is left, without moving on. They are
// valid until the window is read or sought again.
func (w *window) peek(n int) ([]byte, error) {
	if w.pos >= w.size {
		return nil, nil
	}
	n = int(min(int64(n), w.size-w.pos))
	if w.pos < w.start || w.pos+int64(n) > w.start+int64(w.filled) {
		got, err := w.r.ReadAt(w.buffer[:min(windowSize, w.size-w.pos)], w.pos)
		w.start, w.filled = w.pos, got
		if err := ignoreEOF(got, err); err != nil {
			return nil, err
		}
		if got < n {
			return nil, io.ErrUnexpectedEOF
		}
	}
	at := w.pos - w.start
	return w.buffer[at : at+int64(n)], nil
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
	walker  *walker
	scanner *scanner
	sparse  *streamed // of an entry whose bytes do not stand there as they are
	first   [HeadSize]byte
}

func (c *inPlace) head(h *tar.Header) ([]byte, error) {
	if isSparse(h) {
		return c.unpacked(h).head(h)
	}
	w := c.scanner.window
	at := w.pos
	n, err := io.ReadFull(w, c.first[:min(h.Size, HeadSize)])
	w.pos = at
	return c.first[:n], unexpected(err)
}

func (c *inPlace) all(h *tar.Header) (*io.SectionReader, func(), error) {
	if isSparse(h) {
		return c.unpacked(h).all(h)
	}
	w := c.scanner.window
	if h.Size > w.size-w.pos {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return io.NewSectionReader(w.r, w.pos, h.Size), func() {}, nil
}

// unpacked reads a sparse file through archive/tar.
func (c *inPlace) unpacked(h *tar.Header) *streamed {
	if c.sparse == nil || c.sparse.of != h {
		c.sparse = &streamed{walker: c.walker, tar: c.scanner.slow}
	}
	return c.sparse
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
