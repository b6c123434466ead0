package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layergate/layergate/agent/internal/image"
)

// maxDepth bounds indexes inside indexes. Builders write two at most.
const maxDepth = 5

// The annotations that give an index's entries their names: OCI's, often a
// bare tag, and containerd's, a whole reference.
const (
	refNameAnnotation       = "org.opencontainers.image.ref.name"
	containerdAnnotation    = "io.containerd.image.name"
	referenceTypeAnnotation = "vnd.docker.reference.type" // BuildKit's mark on attestations
)

// fetchFunc gets the bytes behind a descriptor, checked against its digest.
type fetchFunc func(ctx context.Context, d v1.Descriptor) ([]byte, error)

// resolved is the manifest that was chosen, its digest, and what is worth a
// note about the choice.
type resolved struct {
	manifest
	digest v1.Hash
	notes  []string
}

// resolve goes from a manifest or an index down to the manifest for the
// platform that is wanted.
func resolve(ctx context.Context, raw []byte, digest v1.Hash, fetch fetchFunc, want platform) (*resolved, error) {
	r := &resolved{digest: digest}
	for range maxDepth {
		m, err := parseManifest(raw)
		if err != nil {
			return nil, err
		}
		if m.Config != nil {
			r.manifest = *m
			return r, checkManifest(m)
		}
		d, note, err := choose(m.Manifests, want)
		if err != nil {
			return nil, err
		}
		if note != "" {
			r.notes = append(r.notes, note)
		}
		if raw, err = fetch(ctx, d); err != nil {
			return nil, err
		}
		r.digest = d.Digest
	}
	return nil, fmt.Errorf("indexes are nested more than %d deep", maxDepth)
}

// parseManifest reads an image manifest (Config is set) or an index.
func parseManifest(raw []byte) (*manifest, error) {
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	switch {
	case m.MediaType.IsSchema1() || m.SchemaVersion == 1:
		return nil, errors.New("the manifest is of Docker's schema 1, which was replaced in 2016: build or push the image again")
	case m.Config != nil && len(m.Manifests) > 0:
		return nil, errors.New("reading the manifest: it is both a manifest and an index")
	case m.Config == nil && m.Manifests == nil:
		return nil, errors.New("reading the manifest: it has neither a config nor manifests")
	}
	return &m, nil
}

// checkManifest refuses what is no image, and sizes that make no sense.
func checkManifest(m *manifest) error {
	switch t := m.Config.MediaType; t {
	case types.OCIConfigJSON, types.DockerConfigJSON, "":
	default:
		return fmt.Errorf("it holds no container image but %q", t)
	}
	for _, d := range append(slices.Clone(m.Layers), *m.Config) {
		if d.Digest == (v1.Hash{}) || d.Size < 0 {
			return fmt.Errorf("reading the manifest: the entry of type %q has no digest or a size below zero", d.MediaType)
		}
	}
	for _, d := range m.Layers {
		if strings.HasSuffix(string(d.MediaType), "+encrypted") {
			return fmt.Errorf("layer %s is encrypted: decrypt the image first (skopeo copy --decryption-key …)", d.Digest)
		}
	}
	return nil
}

// choose picks the entry of an index for the platform that is wanted. An
// entry that does not say its platform (an index in a layout's index.json)
// comes after all that match.
func choose(entries []v1.Descriptor, want platform) (d v1.Descriptor, note string, err error) {
	images := slices.DeleteFunc(slices.Clone(entries), func(d v1.Descriptor) bool { return !isImage(d) })
	var found *v1.Descriptor
	var silent []v1.Descriptor
	for _, d := range images {
		if d.Platform == nil || d.Platform.OS == "" {
			silent = append(silent, d)
			continue
		}
		p := ociPlatform(d.Platform)
		if want.matches(p) && (found == nil || better(p, ociPlatform(found.Platform))) {
			found = &d
		}
	}
	switch {
	case found != nil:
		return *found, "", nil
	case slices.ContainsFunc(silent, func(d v1.Descriptor) bool { return d.Digest != silent[0].Digest }):
		return d, "", errors.New("the index lists several images and does not say which is for what platform")
	case len(silent) > 0:
		return silent[0], "", nil
	case len(images) == 0:
		return d, "", errors.New("the index lists no image")
	case len(images) == 1 && !want.explicit:
		return images[0], fmt.Sprintf("the image is for %s only", ociPlatform(images[0].Platform)), nil
	}
	have := make([]string, len(images))
	for i, d := range images {
		have[i] = ociPlatform(d.Platform).String()
	}
	return d, "", fmt.Errorf("there is no image for %s: choose --platform from %s", want, strings.Join(have, ", "))
}

// isImage tells an index's images from attestations and other artifacts. An
// artifact type that is an image config's media type is an image all the same:
// go-containerregistry (crane, ko) writes it so.
func isImage(d v1.Descriptor) bool {
	artifact := d.ArtifactType != "" && !types.MediaType(d.ArtifactType).IsConfig()
	return d.Annotations[referenceTypeAnnotation] == "" && !artifact &&
		(d.MediaType.IsImage() || d.MediaType.IsIndex() || d.MediaType == "") &&
		(d.Platform == nil || d.Platform.OS != "unknown")
}

// blobLayers are a manifest's layers as they lie in files, each there with
// the size that the manifest says.
func blobLayers(f files, layers []v1.Descriptor) ([]image.Layer, error) {
	var out []image.Layer
	for _, d := range layers {
		name := blobName(d.Digest)
		r, c, err := f.open(name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !d.MediaType.IsDistributable():
			return nil, fmt.Errorf("layer %s is a foreign layer, which the image does not hold: scan it from the registry that does", d.Digest)
		case errors.Is(err, fs.ErrNotExist):
			return nil, missing("layer " + d.Digest.String())
		case err != nil:
			return nil, fmt.Errorf("opening layer %s: %w", d.Digest, withoutPath(err))
		}
		size := r.Size()
		if err := c.Close(); err != nil {
			return nil, fmt.Errorf("opening layer %s: %w", d.Digest, err)
		}
		if size != d.Size {
			return nil, fmt.Errorf("layer %s has %d bytes and the manifest says %d", d.Digest, size, d.Size)
		}
		out = append(out, image.Layer{
			Digest:    d.Digest.String(),
			MediaType: string(d.MediaType),
			Size:      d.Size,
			Blob:      fileBlob{from: f, name: name, digest: d.Digest},
		})
	}
	return out, nil
}

// blobName is where an OCI layout keeps what has this digest.
func blobName(h v1.Hash) string { return "blobs/" + h.Algorithm + "/" + h.Hex }
