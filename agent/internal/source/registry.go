package source

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/registry"
)

// openRegistry opens an image of a registry. Its layers are streamed from
// there when they are read; nothing is stored.
func openRegistry(ctx context.Context, ref string, o Options, want platform) (*image.Image, error) {
	access := registry.Options{Insecure: o.Insecure, CACert: o.CACert, Env: o.Env, Keychain: o.Keychain, UserAgent: o.userAgent()}
	named, err := registry.Parse(ref, access)
	if err != nil {
		return nil, notHere("%q is no image name: %w", ref, err)
	}
	repo, err := registry.New(named.Context(), access)
	if err != nil {
		return nil, err
	}
	img, err := repository{repo}.open(ctx, named, want)
	if err != nil {
		return nil, orElsewhere(repo.Explain(ctx, named, err))
	}
	img.Source, img.Location = Registry, named.Context().RegistryStr()
	if tag, ok := named.(name.Tag); ok {
		img.Tags = []string{tag.Name()}
	}
	return img, nil
}

// orElsewhere lets a guess go on where a registry does not have the image, or
// does not say. An image that is there and broken is no reason to.
func orElsewhere(err error) error {
	var e *registry.Error
	if errors.As(err, &e) {
		return elsewhere{err, e.Kind != registry.Missing}
	}
	return err
}

// repository is a repository with images.
type repository struct{ *registry.Repository }

func (r repository) open(ctx context.Context, ref name.Reference, want platform) (*image.Image, error) {
	raw, digest, err := r.Manifest(ctx, ref)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxManifest {
		return nil, fmt.Errorf("its manifest has %d bytes, more than the %d that are read", len(raw), maxManifest)
	}
	m, err := resolve(ctx, raw, digest, r.manifest, want)
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
func (r repository) manifest(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Digest == (v1.Hash{}) || d.Size > maxManifest {
		return nil, fmt.Errorf("the index's entry %s has no digest or is larger than the %d bytes that are read", d.Digest, maxManifest)
	}
	raw, _, err := r.Manifest(ctx, r.Name().Digest(d.Digest.String()))
	if err != nil {
		return nil, err
	}
	return raw, verify(raw, d.Digest, d.Size)
}

func (r repository) config(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if d.Size > maxConfig {
		return nil, fmt.Errorf("its config has %d bytes, more than the %d that are read", d.Size, maxConfig)
	}
	rc, err := r.Blob(ctx, d)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	return io.ReadAll(rc)
}

func (r repository) layers(ctx context.Context, ds []v1.Descriptor) ([]image.Layer, error) {
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
func (r repository) checkForeign(ctx context.Context, d v1.Descriptor) error {
	ok, err := r.Has(ctx, d.Digest)
	if err == nil && !ok {
		err = fmt.Errorf("layer %s is a foreign layer, which this registry does not hold", d.Digest)
	}
	return err
}

// registryBlob is a blob of a repository: an image.Blob.
type registryBlob struct {
	from repository
	d    v1.Descriptor
}

func (b registryBlob) Open(ctx context.Context) (io.ReadCloser, error) { return b.from.Blob(ctx, b.d) }
