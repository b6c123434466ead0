// Package registry speaks to container registries: what images that are
// scanned and advisory indexes that are pushed and pulled have in common. The
// protocol is go-containerregistry's; what is added here is
//
//   - trust: a certificate authority or leave to use plain HTTP counts for the
//     host that it was given for, not for those that a registry sends us to;
//   - patience: a registry that says 429 or fails is asked again, when its
//     Retry-After says so, and one that goes silent is given up (see Options);
//   - errors that say what to do, and by their Kind whether the registry is
//     out of reach, refuses, or does not have what was asked for.
//
// Credentials are docker's: its config file with its credential helpers.
package registry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layergate/layergate/agent/internal/network"
)

// maxTransfers bounds the blobs that are streamed at the same time.
const maxTransfers = 8

const (
	// stall is how long a registry may send nothing.
	stall = time.Minute

	// digestion is how many times longer it may take to answer once it has got
	// something: it may have to hash it and hand it to a store of its own.
	digestion = 5
)

// Options says how to speak to a registry. The zero value will do.
type Options struct {
	// Insecure lists hosts, as host or host:port, that may be spoken to over
	// plain HTTP or with a certificate that nobody vouches for.
	Insecure []string

	// CACert maps a host, as host or host:port, to a PEM file of authorities
	// that are trusted for it besides the system's. The key "" stands for the
	// registry that is spoken to.
	CACert map[string]string

	// Env looks up an environment variable; nil is an empty environment. It
	// is asked for the proxies' variables.
	Env func(string) string

	// Keychain has the credentials; nil is docker's config with its
	// credential helpers.
	Keychain authn.Keychain

	// UserAgent is what registries are told; empty is "layergate".
	UserAgent string

	// Noun is what errors call the thing that is asked for; empty is "image".
	Noun string

	// Stall is how long a registry may send nothing before it counts as
	// unreachable; zero is a minute.
	Stall time.Duration
}

// Parse reads a reference such as "shop:1" or "registry.corp:5000/shop@sha256:…",
// completed as docker does. A host that o calls insecure is spoken to over
// plain HTTP where it speaks nothing else.
func Parse(ref string, o Options) (name.Reference, error) {
	named, err := name.ParseReference(ref)
	if err == nil && isInsecure(named.Context().RegistryStr(), o) {
		named, err = name.ParseReference(ref, name.Insecure)
	}
	return named, err
}

// Repository is one repository of a registry. Its methods may be called
// concurrently.
type Repository struct {
	name   name.Repository
	o      Options
	puller *remote.Puller
}

// New makes a Repository; nothing is sent yet.
func New(repo name.Repository, o Options) (*Repository, error) {
	if o.Noun == "" {
		o.Noun = "image"
	}
	if o.Stall <= 0 {
		o.Stall = stall
	}
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	if o.UserAgent == "" {
		o.UserAgent = "layergate"
	}
	options, err := clientOptions(repo, o)
	if err != nil {
		return nil, err
	}
	puller, err := remote.NewPuller(options...)
	return &Repository{name: repo, o: o, puller: puller}, err
}

func clientOptions(repo name.Repository, o Options) ([]remote.Option, error) {
	t, err := newTransport(repo.Registry, o)
	return []remote.Option{
		remote.WithTransport(network.Patient{To: t, Wait: network.Wait}),
		remote.WithRetryStatusCodes(), // Patient has done that
		remote.WithRetryPredicate(passing),
		remote.WithAuthFromKeychain(o.Keychain),
		remote.WithUserAgent(o.UserAgent),
		remote.WithJobs(maxTransfers),
	}, err
}

// Name is the repository's name.
func (r *Repository) Name() name.Repository { return r.name }

// Digest asks which manifest ref stands for, without fetching it: registries
// that count pulls do not count this. Not all registries answer it.
func (r *Repository) Digest(ctx context.Context, ref name.Reference) (v1.Hash, error) {
	d, err := r.puller.Head(ctx, ref)
	if err != nil {
		return v1.Hash{}, err
	}
	return d.Digest, nil
}

// Manifest fetches the manifest of ref. If ref is a digest, it matches it.
func (r *Repository) Manifest(ctx context.Context, ref name.Reference) (raw []byte, digest v1.Hash, err error) {
	d, err := r.puller.Get(ctx, ref)
	if err != nil {
		return nil, v1.Hash{}, err
	}
	return d.Manifest, d.Digest, nil
}

// Has says whether the registry holds a blob.
func (r *Repository) Has(ctx context.Context, blob v1.Hash) (bool, error) {
	l, err := r.puller.Layer(ctx, r.name.Digest(blob.String()))
	if err != nil {
		return false, err
	}
	return partial.Exists(l)
}

// Push uploads blobs that the registry does not have yet, then the manifest
// that names them, under ref. An error is explained already.
func (r *Repository) Push(ctx context.Context, ref name.Reference, m remote.Taggable, blobs ...v1.Layer) error {
	o := r.o
	o.Stall *= digestion
	options, err := clientOptions(r.name, o)
	if err != nil {
		return err
	}
	p, err := remote.NewPusher(options...)
	if err != nil {
		return err
	}
	for _, b := range blobs {
		if err := p.Upload(ctx, r.name, b); err != nil {
			return r.explain(ctx, "push", ref, err)
		}
	}
	return r.explain(ctx, "push", ref, p.Push(ctx, ref, m))
}

// errStalled ends a stream in which nothing comes any more.
type errStalled struct{ after time.Duration }

func (e errStalled) Error() string { return fmt.Sprintf("nothing came for %s", e.after) }

func isStalled(err error) bool {
	var s errStalled
	return errors.As(err, &s)
}
