package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/image"
)

// dockerEntry is one image of a docker archive's manifest.json. Config and
// Layers are names in the archive: <id>.json and <id>/layer.tar before docker
// 25, blobs/sha256/<hex> since, <hex>.tar from podman and skopeo, and
// sha256:<hex> with <hex>.tar.gz from kaniko and others that use
// go-containerregistry.
type dockerEntry struct {
	Config   string
	RepoTags list[string]
	Layers   list[string]
}

// openDockerArchive opens an image of an archive that docker save wrote, or
// one of the many that write the same.
func openDockerArchive(f files, ref string, want platform) (*image.Image, error) {
	raw, err := readFile(f, "manifest.json", maxManifest)
	if errors.Is(err, fs.ErrNotExist) && exists(f, "repositories") {
		return nil, errors.New("it was saved by a docker before 1.10: load it into a newer docker and save it again")
	}
	if err != nil {
		return nil, err
	}
	var entries list[dockerEntry]
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("reading manifest.json: %w", err)
	}
	e, config, err := chooseDocker(f, entries, ref, want)
	if err != nil {
		return nil, err
	}
	layers, err := dockerLayers(f, e)
	if err != nil {
		return nil, err
	}
	img, err := assemble(config, layers)
	if err != nil {
		return nil, err
	}
	img.Tags = e.RepoTags
	return img, nil
}

// chooseDocker picks the image that ref names or, without a ref, the only one;
// of several for different platforms the one that is wanted.
func chooseDocker(f files, entries []dockerEntry, ref string, want platform) (dockerEntry, []byte, error) {
	type candidate struct {
		dockerEntry
		config []byte
		image.Platform
	}
	var found []candidate
	var all []string
	for _, e := range entries {
		all = append(all, append(slices.Clone([]string(e.RepoTags)), e.Config)[0])
		config, err := dockerConfig(f, e)
		if err != nil {
			return dockerEntry{}, nil, err
		}
		if ref != "" && !sameRef(ref, append(slices.Clone([]string(e.RepoTags)), e.Config, sha256Of(config))...) {
			continue
		}
		var c configFile
		if err := json.Unmarshal(config, &c); err != nil {
			return dockerEntry{}, nil, fmt.Errorf("reading the image's config %s: %w", e.Config, err)
		}
		found = append(found, candidate{e, config, c.platform()})
	}
	if len(found) > 1 {
		if of := slices.DeleteFunc(slices.Clone(found), func(c candidate) bool { return !want.matches(c.Platform) }); len(of) > 0 {
			found = of
		}
	}
	switch {
	case len(found) == 1:
		return found[0].dockerEntry, found[0].config, nil
	case len(entries) == 0:
		return dockerEntry{}, nil, errors.New("its manifest.json lists no image")
	case len(found) == 0:
		return dockerEntry{}, nil, fmt.Errorf("it has no image %s; it holds %s", ref, shortList(all))
	}
	return dockerEntry{}, nil, fmt.Errorf("it holds several images: put a colon and one of these after the path: %s", shortList(all))
}

var hex64 = regexp.MustCompile(`[0-9a-f]{64}`)

// dockerConfig reads an image's config. Its name is its digest, in one form or
// another, and is checked where it is.
func dockerConfig(f files, e dockerEntry) ([]byte, error) {
	if e.Config == "" {
		return nil, errors.New("reading manifest.json: an image has no config")
	}
	config, err := readFile(f, e.Config, maxConfig)
	if err != nil {
		return nil, err
	}
	if hex := hex64.FindString(path.Base(e.Config)); hex != "" {
		return config, verify(config, v1.Hash{Algorithm: "sha256", Hex: hex}, -1)
	}
	return config, nil
}

var blobPath = regexp.MustCompile(`^blobs/sha256/([0-9a-f]{64})$`)

// dockerLayers finds the files of an image's layers. Their digests are known
// only where the archive stores them by digest.
func dockerLayers(f files, e dockerEntry) ([]image.Layer, error) {
	var out []image.Layer
	for _, name := range e.Layers {
		r, c, err := f.open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missing("layer " + name)
		}
		if err != nil {
			return nil, fmt.Errorf("opening layer %s: %w", name, withoutPath(err))
		}
		blob := fileBlob{from: f, name: name}
		l := image.Layer{Size: r.Size()}
		if err := c.Close(); err != nil {
			return nil, fmt.Errorf("opening layer %s: %w", name, err)
		}
		if m := blobPath.FindStringSubmatch(name); m != nil {
			blob.digest = v1.Hash{Algorithm: "sha256", Hex: m[1]}
			l.Digest = blob.digest.String()
		}
		l.Blob = blob
		out = append(out, l)
	}
	return out, nil
}
