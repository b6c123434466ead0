package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// PullOptions says how to pull.
type PullOptions struct {
	Options
	AllowOlder bool // put an older index in a newer one's place

	// Warn, if not nil, is told what is not as it should be and keeps nothing
	// from being pulled.
	Warn func(string)
}

// Pull fetches the index that ref names into the file at path, which appears
// whole and checked or, if anything fails, not at all: what was there before
// stays. A file that is that very index already is left alone.
func Pull(ctx context.Context, ref, path string, o PullOptions) (*Manifest, error) {
	r, err := open(ref, o.Registry)
	if err != nil {
		return nil, err
	}
	m, err := r.pull(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("pulling the index %s: %w", ref, err)
	}
	return m, nil
}

func (r *repository) pull(ctx context.Context, path string, o PullOptions) (*Manifest, error) {
	m, _, err := r.manifest(ctx, o.Options)
	if err != nil {
		return nil, err
	}
	there, err := o.infoOf(path)
	if err != nil {
		return nil, err
	}
	if there != nil {
		if there.Digest == m.Contents && there.Size == m.Size {
			if digest, err := digestOf(path); err == nil && digest == m.Digest {
				return m, nil
			}
		}
		if err := m.olderThan(there.Newest, there.Built); err != nil && !o.AllowOlder {
			return nil, fmt.Errorf("%w: %s stays, --allow-older replaces it", err, path)
		}
	}
	return m, r.index(ctx, m, path, o.Options)
}

// infoOf looks at the file that is to be replaced; nil where there is none
// that is an index.
func (o PullOptions) infoOf(path string) (*store.Info, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !stat.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	x, err := store.Open(path)
	if err != nil {
		if o.Warn != nil {
			o.Warn(fmt.Sprintf("what is replaced cannot be compared with what is pulled: %v", err))
		}
		return nil, nil
	}
	info := x.Info()
	return &info, x.Close()
}

// manifest fetches and checks the manifest.
func (r *repository) manifest(ctx context.Context, o Options) (*Manifest, fetched, error) {
	raw, digest, err := r.Manifest(ctx, r.ref)
	if err != nil {
		return nil, fetched{}, r.Explain(ctx, r.ref, err)
	}
	m, err := parseVerified(raw, o)
	return m, fetched{raw, digest}, err
}

// fetched is a manifest as it came.
type fetched struct {
	raw    []byte
	digest v1.Hash
}

func parseVerified(raw []byte, o Options) (*Manifest, error) {
	m, err := parse(raw)
	if err == nil && len(o.Keys) > 0 {
		err = m.verify(m.Signature, o.Keys)
	}
	return m, err
}
