package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Build compiles the advisories in a folder into the index file at path. The
// file appears whole or, if anything fails, not at all: an index that was
// there before stays.
func Build(ctx context.Context, folder fs.FS, path string, o Options) (*Report, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".layergate-index-*")
	if err != nil {
		return nil, fmt.Errorf("building the advisory index: %w", err)
	}
	defer os.Remove(f.Name()) // fails, and may, once it has its final name
	defer f.Close()           // the second close, in the good case
	w := bufio.NewWriterSize(f, 1<<20)
	report, err := Compile(ctx, w, folder, o)
	if err != nil {
		return nil, fmt.Errorf("building the advisory index: %w", err)
	}
	// CreateTemp gives 0600; an index is no secret and is shared by agents.
	err = errors.Join(w.Flush(), f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the advisory index %s: %w", path, err)
	}
	return report, nil
}
