package language

import (
	"bytes"
	"io"
	"os"
)

// maxInMemory is the size up to which an inflated nested archive is kept in
// memory. Libraries are smaller; what is larger is the war in an ear.
const maxInMemory = 16 << 20

// nest holds the inflated archives that are open: at most one for each depth,
// so that a depth's memory is used again for its next archive.
type nest struct {
	memory [maxJarDepth]bytes.Buffer
	file   [maxJarDepth]*os.File
}

// keep reads an archive of the given size to its end, and gives it for
// reading until the next call for the same depth.
func (n *nest) keep(depth int, r io.Reader, size int64) (*io.SectionReader, error) {
	if size <= maxInMemory {
		b := &n.memory[depth]
		b.Reset()
		if _, err := b.ReadFrom(r); err != nil {
			return nil, err
		}
		return io.NewSectionReader(bytes.NewReader(b.Bytes()), 0, size), nil
	}
	file, err := n.temporary(depth)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(file, r); err != nil {
		return nil, err
	}
	return io.NewSectionReader(file, 0, size), nil
}

// temporary is the depth's file, empty. It has no name any more, so that
// nothing is left behind however the process ends.
func (n *nest) temporary(depth int) (*os.File, error) {
	if f := n.file[depth]; f != nil {
		if err := f.Truncate(0); err != nil {
			return nil, err
		}
		_, err := f.Seek(0, io.SeekStart)
		return f, err
	}
	f, err := os.CreateTemp("", "layergate-jar-")
	if err != nil {
		return nil, err
	}
	n.file[depth] = f
	return f, os.Remove(f.Name())
}

func (n *nest) close() {
	for _, f := range n.file {
		if f != nil {
			f.Close() // read only by now, and gone: there is nothing to lose
		}
	}
}
