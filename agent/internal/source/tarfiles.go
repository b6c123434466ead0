package source

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// maxEntries bounds the index of an archive. An image has at most a few
// thousand files, layers and their metadata; a root file system in a tar has
// more, and is not an image.
const maxEntries = 50_000

// maxLinks bounds the links that lead from one name to another.
const maxLinks = 10

// tarFiles is files in an uncompressed tar.
type tarFiles struct {
	r       io.ReaderAt
	entries map[string]tarEntry
	end     int64 // of the last file's bytes
	endless bool  // there is no end mark behind it: the archive may be truncated
}

type tarEntry struct {
	offset, size int64
	link         string // the clean name that it leads to; empty for a file
	dir          bool
}

// indexTar reads an archive's headers, and no contents: archive/tar seeks over
// those of a reader that can. Of entries with the same name the last counts,
// as when the archive is unpacked.
func indexTar(ctx context.Context, r io.ReaderAt, size int64) (*tarFiles, error) {
	sr := io.NewSectionReader(r, 0, size)
	t := &tarFiles{r: r, entries: map[string]tarEntry{}}
	for tr := tar.NewReader(sr); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			t.endless = size-t.end < 1024
			return t, nil
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, errors.New("the archive is truncated: it ends inside an entry; write or copy it again")
		}
		if err != nil {
			return nil, fmt.Errorf("reading the archive's headers: %w", err)
		}
		if len(t.entries) >= maxEntries {
			return nil, fmt.Errorf("the archive has more than %d entries: it is no image (a root file system can be unpacked and scanned with %s:)", maxEntries, RootFS)
		}
		offset, err := sr.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, fmt.Errorf("reading the archive's headers: %w", err)
		}
		if err := t.add(h, offset, size); err != nil {
			return nil, err
		}
	}
}

func (t *tarFiles) add(h *tar.Header, offset, total int64) error {
	name := cleanName(h.Name)
	e := tarEntry{offset: offset, size: h.Size}
	switch h.Typeflag {
	case tar.TypeReg:
		for key := range h.PAXRecords {
			if strings.HasPrefix(key, "GNU.sparse.") {
				return fmt.Errorf("%s is a sparse file, which no builder of images writes", name)
			}
		}
		if h.Size < 0 || h.Size > total-offset {
			return fmt.Errorf("the archive is truncated: %s has %d bytes and the archive ends %d bytes after its start; write or copy it again",
				name, h.Size, total-offset)
		}
		t.end = offset + h.Size
	case tar.TypeSymlink:
		if path.IsAbs(h.Linkname) {
			return nil // leads out of the archive: a name that is not there
		}
		e = tarEntry{link: cleanName(path.Join(path.Dir(name), h.Linkname))}
	case tar.TypeLink:
		e = tarEntry{link: cleanName(h.Linkname)}
	case tar.TypeDir:
		e = tarEntry{dir: true}
	default:
		return nil
	}
	t.entries[name] = e
	return nil
}

// cleanName is a name as it is looked up: relative, and never above the root.
func cleanName(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

func (t *tarFiles) open(name string) (*io.SectionReader, io.Closer, error) {
	name = cleanName(name)
	for range maxLinks {
		e, ok := t.entries[name]
		switch {
		case !ok:
			return nil, nil, fs.ErrNotExist
		case e.dir:
			return nil, nil, fmt.Errorf("%s is no regular file", name)
		case e.link == "":
			return io.NewSectionReader(t.r, e.offset, e.size), nopCloser{}, nil
		}
		name = e.link
	}
	return nil, nil, errors.New("its links lead round in a circle")
}

type nopCloser struct{}

func (nopCloser) Close() error { return nil }
