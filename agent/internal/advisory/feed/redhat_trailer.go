package feed

import (
	"bytes"
	"io"
)

// trailer watches a tar stream for its end, two blocks of zeros: archive/tar
// takes a stream that breaks off between two files for a whole one.
type trailer struct {
	r     io.Reader
	zeros int // that the stream ended with so far
}

func (t *trailer) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	rest := len(bytes.TrimRight(p[:n], "\x00"))
	if rest > 0 {
		t.zeros = 0
	}
	t.zeros += n - rest
	return n, err
}

// check reads what follows the last file, which must be zeros and no more
// than a tape's block of them, and with it zstd's checksum.
func (t *trailer) check() error {
	const blocks, tape = 2 * 512, 64 << 10
	if _, err := io.Copy(io.Discard, &limited{r: t, left: tape}); err != nil {
		return err
	}
	if t.zeros < blocks {
		return io.ErrUnexpectedEOF
	}
	return nil
}
