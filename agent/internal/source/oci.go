package source

import (
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/image"
)

// openOCI opens an image of an OCI layout: index.json, and blobs by digest.
func openOCI(ctx context.Context, f files, ref string, want platform) (*image.Image, error) {
	raw, err := readFile(f, "index.json", maxManifest)
	if err != nil {
		return nil, err
	}
	index, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("reading index.json: %w", err)
	}
	if index.Config != nil {
		return nil, errors.New("reading index.json: it is no index but a manifest")
	}
	fetch := func(_ context.Context, d v1.Descriptor) ([]byte, error) { return readBlob(f, d, maxManifest) }
	entry, note, err := named(index.Manifests, ref, want)
	if err != nil {
		return nil, err
	}
	if raw, err = fetch(ctx, entry); err != nil {
		return nil, err
	}
	m, err := resolve(ctx, raw, entry.Digest, fetch, want)
	if err != nil {
		return nil, err
	}
	config, err := readBlob(f, *m.Config, maxConfig)
	if err != nil {
		return nil, err
	}
	layers, err := blobLayers(f, m.Layers)
	if err != nil {
		return nil, err
	}
	img, err := assemble(config, layers)
	if err != nil {
		return nil, err
	}
	img.Digest = m.digest.String()
	img.Tags = tags(index.Manifests, entry.Digest)
	img.Notes = append(img.Notes, m.notes...)
	if note != "" {
		img.Notes = append(img.Notes, note)
	}
	return img, nil
}

// readBlob reads a small blob whole and checks it against its descriptor.
func readBlob(f files, d v1.Descriptor, limit int64) ([]byte, error) {
	if d.Digest == (v1.Hash{}) {
		return nil, errors.New("reading the index: an entry has no digest")
	}
	b, err := readFile(f, blobName(d.Digest), limit)
	if err != nil {
		return nil, err
	}
	return b, verify(b, d.Digest, d.Size)
}

// named picks the entry of a layout's index.json. With a ref, it is one that
// has it as a name or as its digest. Those that are left must be one image,
// or one name's images for several platforms.
func named(entries []v1.Descriptor, ref string, want platform) (v1.Descriptor, string, error) {
	images := slices.DeleteFunc(slices.Clone(entries), func(d v1.Descriptor) bool { return !isImage(d) })
	if ref != "" {
		images = slices.DeleteFunc(images, func(d v1.Descriptor) bool {
			return !sameRef(ref, append(names(d), d.Digest.String())...)
		})
		if len(images) == 0 {
			return v1.Descriptor{}, "", fmt.Errorf("it has no image %s; it holds %s", ref, listed(entries))
		}
	}
	if ambiguous(images, want) {
		return v1.Descriptor{}, "", fmt.Errorf("it holds several images: put a colon and one of these after the path: %s", listed(images))
	}
	return choose(images, want)
}

// ambiguous says whether more than the platform tells the images apart among
// which choose would choose.
func ambiguous(images []v1.Descriptor, want platform) bool {
	of := func(keep func(v1.Descriptor) bool) (out []v1.Descriptor) {
		for _, d := range images {
			if keep(d) {
				out = append(out, d)
			}
		}
		return out
	}
	among := of(func(d v1.Descriptor) bool { return want.matches(ociPlatform(d.Platform)) })
	if len(among) == 0 {
		among = of(func(d v1.Descriptor) bool { return ociPlatform(d.Platform).OS == "" })
	}
	for _, d := range among {
		if d.Digest != among[0].Digest && (d.Platform == nil || !slices.Equal(names(d), names(among[0]))) {
			return true
		}
	}
	return false
}

// names are what an entry of an index.json is called.
func names(d v1.Descriptor) (out []string) {
	for _, key := range []string{containerdAnnotation, refNameAnnotation} {
		if n := d.Annotations[key]; n != "" {
			out = append(out, n)
		}
	}
	return out
}

// tags are the names of all entries with this digest.
func tags(entries []v1.Descriptor, digest v1.Hash) (out []string) {
	for _, d := range entries {
		if d.Digest == digest {
			out = append(out, names(d)...)
		}
	}
	return out
}

// listed is what one can choose from, for an error.
func listed(entries []v1.Descriptor) string {
	var out []string
	for _, d := range entries {
		if isImage(d) {
			out = append(out, append(names(d), d.Digest.String())[0])
		}
	}
	return shortList(out)
}
