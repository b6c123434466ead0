package feed

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// zipFolder is a zip archive as a folder. An archive within it can be read at
// any place too.
type zipFolder struct {
	*zip.Reader
	tempDir string
}

// maxInMemory is up to which size an archive within an archive is kept in
// memory.
const maxInMemory = 4 << 20

// Open opens a file.
func (z zipFolder) Open(name string) (fs.File, error) {
	f, err := z.Reader.Open(name)
	if err != nil || path.Ext(name) != ".zip" {
		return f, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() || info.Size() <= maxInMemory {
		return f, err
	}
	spooled, err := spool(f, info, z.tempDir)
	if err != nil {
		err = fmt.Errorf("unpacking %s: %w", name, err)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return spooled, nil
}

// spooled is a file whose content is in a temporary one.
type spooled struct {
	*os.File
	info fs.FileInfo
}

// Stat tells of the file as it was.
func (s spooled) Stat() (fs.FileInfo, error) { return s.info, nil }

// spool copies a file to a temporary one that has no name any more: it is gone
// when it is closed, and when the process dies.
func spool(from io.Reader, info fs.FileInfo, dir string) (fs.File, error) {
	f, err := os.CreateTemp(dir, "layergate-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("unlinking a temporary file: %w", err), f.Close())
	}
	n, err := io.Copy(f, io.LimitReader(from, info.Size()+1))
	if err == nil && n != info.Size() {
		err = errors.New("not as long as the archive's directory says")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return spooled{f, info}, nil
}
