package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

func (s *session) cached(digest v1.Hash) (*Manifest, error) {
	if s.Cache == "" || digest == (v1.Hash{}) {
		return nil, fs.ErrNotExist
	}
	return s.cache.manifest(digest, s.Options)
}

func (s *session) cachedIndex(digest v1.Hash, m *Manifest) (*store.Index, error) {
	if s.Cache == "" {
		return nil, fs.ErrNotExist
	}
	return s.cache.open(digest, m)
}

// notOlder refuses that a tag goes back to an older index.
func (s *session) notOlder(digest v1.Hash, m *Manifest) error {
	if s.Cache == "" {
		return nil
	}
	last, err := s.cache.last(s.ref.Name())
	if err != nil {
		if s.keep && !errors.Is(err, fs.ErrNotExist) {
			s.warn("whether the index is older than the one before is not known: %v", err)
		}
		return nil
	}
	if err := m.olderThan(last.Newest, last.Built); err != nil {
		return fmt.Errorf("%w: if the older one is meant, name it by its digest, %s", err, s.location(digest))
	}
	return nil
}

func (s *session) location(digest v1.Hash) string {
	if _, ok := s.ref.(name.Tag); ok {
		return Scheme + s.ref.Name() + "@" + digest.String()
	}
	return Scheme + s.ref.Name()
}

// fetch pulls the index into the cache, or to where it has no name once it is
// open.
func (s *session) fetch(ctx context.Context, digest v1.Hash, m *Manifest) (*store.Index, error) {
	if s.keep {
		path := s.cache.path(digest, ".db")
		if err := s.index(ctx, m, path, s.Options); err != nil {
			return nil, err
		}
		return store.Open(path)
	}
	folder, err := os.MkdirTemp(s.TempDir, "layergate-*")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "index.db")
	var x *store.Index
	if err = s.index(ctx, m, path, s.Options); err == nil {
		x, err = store.Open(path)
	}
	return x, errors.Join(err, os.RemoveAll(folder))
}

// note keeps what is needed when the registry is out of reach: the manifest,
// if it is not in the cache yet, and what the reference stands for.
func (s *session) note(digest v1.Hash, m *Manifest, raw []byte) {
	if !s.keep {
		return
	}
	var err error
	if raw != nil {
		err = s.cache.write(s.cache.path(digest, ".json"), raw)
	}
	if err == nil {
		err = s.cache.used(s.ref.Name(), digest, m, s.Now)
	}
	if err == nil {
		err = s.cache.prune(s.Now)
	}
	if err != nil {
		s.warn("the cache %s is not as it should be: %v", s.Cache, err)
	}
}

// stale opens what the reference stood for when the registry could last be
// reached.
func (s *session) stale(why error) error {
	if s.Cache == "" {
		return why
	}
	last, err := s.cache.last(s.ref.Name())
	if err != nil {
		return fmt.Errorf("%w; and there is no copy in the cache", why)
	}
	m, err := s.cache.manifest(last.Manifest, s.Options)
	if err == nil {
		s.opened.Index, err = s.cache.open(last.Manifest, m)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w; and there is no copy in the cache", why)
	}
	if err != nil {
		return fmt.Errorf("%w; and the copy in the cache: %w", why, err)
	}
	s.opened.Location, s.opened.Stale = s.location(last.Manifest), why
	return nil
}
