package source

import (
	"context"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/layergate/layergate/agent/internal/image"
)

// maxPulls bounds the layers that are streamed at the same time.
const maxPulls = 8

// openRegistry opens an image of a registry. Its layers are streamed from
// there when they are read; nothing is stored.
func openRegistry(ctx context.Context, ref string, o Options, want platform) (*image.Image, error) {
	named, err := name.ParseReference(ref)
	if err != nil {
		return nil, notHere("%q is no image name: %w", ref, err)
	}
	if isInsecure(named.Context().RegistryStr(), o) {
		if named, err = name.ParseReference(ref, name.Insecure); err != nil {
			return nil, notHere("%q is no image name: %w", ref, err)
		}
	}
	r, err := newRepository(named.Context(), o)
	if err != nil {
		return nil, err
	}
	img, err := r.open(ctx, named, want)
	if err != nil {
		return nil, r.explain(ctx, named, err)
	}
	img.Source, img.Location = Registry, named.Context().RegistryStr()
	if tag, ok := named.(name.Tag); ok {
		img.Tags = []string{tag.Name()}
	}
	return img, nil
}

// repository is one repository of a registry.
type repository struct {
	name   name.Repository
	puller *remote.Puller
}

func newRepository(repo name.Repository, o Options) (*repository, error) {
	tr, err := newTransport(repo.Registry, o)
	if err != nil {
		return nil, err
	}
	keychain := o.Keychain
	if keychain == nil {
		keychain = authn.DefaultKeychain
	}
	puller, err := remote.NewPuller(
		remote.WithTransport(tr),
		remote.WithAuthFromKeychain(keychain),
		remote.WithUserAgent(o.userAgent()),
		remote.WithJobs(maxPulls),
	)
	return &repository{name: repo, puller: puller}, err
}

func (r *repository) open(ctx context.Context, ref name.Reference, want platform) (*image.Image, error) {
	top, err := r.puller.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	if len(top.Manifest) > maxManifest {
		return nil, fmt.Errorf("its manifest has %d bytes, more than the %d that are read", len(top.Manifest), maxManifest)
	}
	m, err := resolve(ctx, top.Manifest, top.Digest, r.manifest, want)
	if err != nil {
		return nil, err
	}
	config, err := r.config(ctx, *m.Config)
	if err != nil {
		return nil, err
	}
	layers, err := r.layers(ctx, m.Layers)
	if err != nil {
		return nil, err
	}
	img, err := assemble(config, layers)
	if err != nil {
		return nil, err
	}
	img.Digest = m.digest.String()
	img.Notes = append(img.Notes, m.notes...)
	return img, nil
}

// manifest is a fetchFunc. That the digest matches is checked by the puller.
func (r *repository) manifest(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Digest == (v1.Hash{}) || d.Size > maxManifest {
		return nil, fmt.Errorf("the index's entry %s has no digest or is larger than the %d bytes that are read", d.Digest, maxManifest)
	}
	got, err := r.puller.Get(ctx, r.name.Digest(d.Digest.String()))
	if err != nil {
		return nil, err
	}
	return got.Manifest, verify(got.Manifest, d.Digest, d.Size)
}

func (r *repository) config(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > maxConfig {
		return nil, fmt.Errorf("its config has %d bytes, more than the %d that are read", d.Size, maxConfig)
	}
	rc, err := registryBlob{r, d}.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

func (r *repository) layers(ctx context.Context, ds []v1.Descriptor) ([]image.Layer, error) {
	var out []image.Layer
	for _, d := range ds {
		if !d.MediaType.IsDistributable() {
			if err := r.checkForeign(ctx, d); err != nil {
				return nil, err
			}
		}
		out = append(out, image.Layer{
			Digest:    d.Digest.String(),
			MediaType: string(d.MediaType),
			Size:      d.Size,
			Blob:      registryBlob{r, d},
		})
	}
	return out, nil
}

// checkForeign looks whether the registry has a layer that it need not have.
// The URLs that such a layer names are not followed.
func (r *repository) checkForeign(ctx context.Context, d v1.Descriptor) error {
	l, err := r.puller.Layer(ctx, r.name.Digest(d.Digest.String()))
	if err != nil {
		return err
	}
	ok, err := partial.Exists(l)
	if err == nil && !ok {
		err = fmt.Errorf("layer %s is a foreign layer, which this registry does not hold", d.Digest)
	}
	return err
}
