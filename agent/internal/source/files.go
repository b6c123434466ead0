package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// files is what an image is stored in, an archive or a folder: named files
// whose bytes can be sought. Names are clean, slash-separated and relative.
type files interface {
	// open opens a regular file. A name that is not there is fs.ErrNotExist.
	// An archive's files need no closing, and have a Closer all the same.
	open(name string) (*io.SectionReader, io.Closer, error)
}

// folder is files in a directory that cannot be left through links.
type folder struct{ root *os.Root }

func (f folder) open(name string) (*io.SectionReader, io.Closer, error) {
	// A pipe would block when it is opened.
	st, err := f.root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is no regular file", name)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	if st, err = file.Stat(); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return io.NewSectionReader(file, 0, st.Size()), file, nil
}

// exists says whether f has a file of this name, whatever is wrong with it.
func exists(f files, name string) bool {
	_, c, err := f.open(name)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	_ = c.Close() // only looked at
	return true
}

// readFile reads a small file whole; more than limit bytes is an error.
func readFile(f files, name string, limit int64) ([]byte, error) {
	r, c, err := f.open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing(name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	defer c.Close()
	if r.Size() > limit {
		return nil, fmt.Errorf("reading %s: it has %d bytes, more than the %d that are read", name, r.Size(), limit)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, withoutPath(err))
	}
	return b, nil
}

// missing is the error for a file that another names and that is not there.
type missing string

func (m missing) Error() string { return string(m) + " is missing" }

func (m missing) Is(target error) bool { return target == fs.ErrNotExist }

// withoutPath drops the operation and the path that a PathError repeats.
func withoutPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && strings.HasSuffix(err.Error(), pe.Error()) {
		return pe.Err
	}
	return err
}
