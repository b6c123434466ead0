package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/registry"
)

// attempts is how often an index is fetched whose stream breaks off.
const attempts = 3

// index fetches and checks the index of a manifest, and gives it the name
// path.
func (r *repository) index(ctx context.Context, m *Manifest, path string, o Options) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), temporary+"*")
	if err != nil {
		return fmt.Errorf("making a file beside %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // what it says is no news by now
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	if err := r.download(ctx, m, f, o); err != nil {
		var disk *fs.PathError
		if errors.As(err, &disk) { // without the temporary name, which nobody knows
			return fmt.Errorf("writing %s: %w", path, disk.Err)
		}
		return err
	}
	if err := m.checkFile(f); err != nil {
		return err
	}
	// CreateTemp gives 0600; an index is no secret and is shared by agents.
	if err := errors.Join(f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

// checkFile checks that a file is an index, whole, and the one that m
// describes.
func (m *Manifest) checkFile(f *os.File) error {
	x, err := store.OpenReader(f, m.Size)
	if err != nil {
		return err
	}
	defer x.Close() // f stays open; there is nothing else to close
	if err := m.check(x.Info()); err != nil {
		return err
	}
	return x.Verify()
}

// temporary is what the names of files begin with that are not whole yet.
const temporary = ".layergate-pull-"

// download writes the index into f, again from its start if the stream breaks.
func (r *repository) download(ctx context.Context, m *Manifest, f *os.File, o Options) error {
	digest, err := v1.NewHash(m.Digest)
	if err != nil {
		return err
	}
	d := v1.Descriptor{MediaType: m.MediaType, Digest: digest, Size: m.Size}
	for n := 1; ; n++ {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil {
			return err
		}
		err := r.stream(ctx, d, f, o)
		if err == nil || ctx.Err() != nil || n == attempts || !registry.HungUp(err) {
			return r.Explain(ctx, r.ref, err)
		}
	}
}

func (r *repository) stream(ctx context.Context, d v1.Descriptor, w io.Writer, o Options) error {
	blob, err := r.Blob(ctx, d)
	if err != nil {
		return err
	}
	defer blob.Close() // it was read to its end, or the error is known
	if o.Progress != nil {
		w = &counted{w: w, total: d.Size, tell: o.Progress}
	}
	_, err = io.Copy(w, blob)
	return err
}

// counted tells how much has been written.
type counted struct {
	w           io.Writer
	done, total int64
	tell        func(done, total int64)
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.done += int64(n)
	c.tell(c.done, c.total)
	return n, err
}
