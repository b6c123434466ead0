package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/registry"
)

// OpenOptions says how to open an index in a registry.
type OpenOptions struct {
	Options
	Cache   string    // the folder to keep indexes in; "" keeps none
	TempDir string    // where an index lies that is not kept; "" is the system's
	Now     time.Time // for which of the kept ones was used last
}

// Opened is an index of a registry, open.
type Opened struct {
	*store.Index
	Location string // by which it can be opened again: "oci://HOST/REPOSITORY:TAG@sha256:…"

	// Stale is why the registry could not say whether there is a newer index;
	// nil if it did.
	Stale error

	// Warnings tell what was not as it should be and changes nothing.
	Warnings []string
}

// Open opens the index that ref names, and fetches it only if it is not in the
// cache. A reference with a digest that is in the cache needs no registry. If
// the registry is out of reach, the index that the reference stood for last is
// opened, and Stale says so; whatever else goes wrong (no access, no such
// index, a wrong signature, one that is older than before) is an error.
func Open(ctx context.Context, ref string, o OpenOptions) (*Opened, error) {
	r, err := open(ref, o.Registry)
	if err != nil {
		return nil, err
	}
	s := session{repository: r, OpenOptions: o, cache: cache{o.Cache}}
	if err := s.open(ctx); err != nil {
		return nil, fmt.Errorf("opening the index %s: %w", ref, err)
	}
	return &s.opened, nil
}

// session is one call of Open.
type session struct {
	*repository
	OpenOptions
	cache  cache
	keep   bool // what is fetched is kept
	opened Opened
}

func (s *session) warn(format string, args ...any) {
	s.opened.Warnings = append(s.opened.Warnings, fmt.Sprintf(format, args...))
}

func (s *session) open(ctx context.Context) error {
	if s.Cache != "" {
		if err := s.cache.writable(); err != nil {
			s.warn("indexes cannot be kept in %s: %v", s.Cache, err)
		} else {
			s.keep = true
		}
	}
	var pinned bool
	var err error
	for range 2 { // if it is older than before: perhaps the tag has moved since, and another scan has seen that
		var digest v1.Hash
		if digest, pinned, err = s.resolve(ctx); err == nil {
			err = s.current(ctx, digest, pinned)
		}
		if !errors.Is(err, errOlder) {
			break
		}
	}
	if !pinned && registry.Is(err, registry.Unreachable) {
		return s.stale(err)
	}
	return err
}

// resolve finds the digest of the manifest that is meant. It is the zero Hash
// where the registry does not say.
func (s *session) resolve(ctx context.Context) (digest v1.Hash, pinned bool, err error) {
	if d, ok := s.ref.(name.Digest); ok {
		digest, err = v1.NewHash(d.DigestStr())
		return digest, true, err
	}
	digest, err = s.Digest(ctx, s.ref)
	if err = s.Explain(ctx, s.ref, err); err != nil && !registry.Is(err, registry.Unreachable) && ctx.Err() == nil {
		return v1.Hash{}, false, nil // fetching the manifest works, or says why not
	}
	return digest, false, err
}

// current opens the index of the manifest that the reference stands for now.
func (s *session) current(ctx context.Context, digest v1.Hash, pinned bool) error {
	m, err := s.cached(digest)
	var raw []byte
	if errors.Is(err, fs.ErrNotExist) {
		at := *s.repository
		if digest != (v1.Hash{}) {
			at.ref = s.Name().Digest(digest.String())
		}
		var got fetched
		m, got, err = at.manifest(ctx, s.Options)
		raw, digest = got.raw, got.digest
	}
	if err != nil {
		return err
	}
	if !pinned {
		if err := s.notOlder(digest, m); err != nil {
			return err
		}
	}
	if s.opened.Index, err = s.cachedIndex(digest, m); errors.Is(err, fs.ErrNotExist) {
		s.opened.Index, err = s.fetch(ctx, digest, m)
	}
	if err != nil {
		return err
	}
	s.opened.Location = s.location(digest)
	s.note(digest, m, raw)
	return nil
}
