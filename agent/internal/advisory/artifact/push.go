package artifact

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/registry"
)

// PushOptions says how to push.
type PushOptions struct {
	Registry registry.Options
	Key      ed25519.PrivateKey // signs; nil: nobody does
	Version  string             // of layergate, for the annotations
}

// Push puts the index file at path into a registry as ref says, after it has
// verified it. What the registry has already is not sent again. It returns the
// manifest and the reference by which it can be pulled whatever happens to the
// tag, "oci://HOST/REPOSITORY@sha256:…".
func Push(ctx context.Context, ref, path string, o PushOptions) (*Manifest, string, error) {
	r, err := open(ref, o.Registry)
	if err != nil {
		return nil, "", err
	}
	if _, ok := r.ref.(name.Tag); !ok {
		return nil, "", fmt.Errorf("pushing to %s: a digest follows from what is pushed, name a tag", ref)
	}
	m, pinned, err := r.push(ctx, path, o)
	if err != nil {
		return nil, "", fmt.Errorf("pushing the index %s to %s: %w", path, ref, err)
	}
	return m, pinned, nil
}

func (r *repository) push(ctx context.Context, path string, o PushOptions) (*Manifest, string, error) {
	m, err := describeFile(path, o.Version)
	if err != nil {
		return nil, "", err
	}
	if o.Key != nil {
		text, err := m.text()
		if err != nil {
			return nil, "", err
		}
		m.Signature = ed25519.Sign(o.Key, text)
	}
	raw, err := m.encode()
	if err != nil {
		return nil, "", err
	}
	if m, err = parse(raw); err != nil { // what nobody could pull is not pushed
		return nil, "", err
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, "", err
	}
	file, err := newFileLayer(path, m)
	if err != nil {
		return nil, "", err
	}
	config := static.NewLayer([]byte(emptyConfig), emptyType)
	if err := r.Push(ctx, r.ref, rawManifest(raw), file, config); err != nil {
		return nil, "", err
	}
	return m, Scheme + r.Name().Digest(digest.String()).String(), nil
}

// describeFile verifies the index at path and makes its manifest.
func describeFile(path, version string) (*Manifest, error) {
	x, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	err = x.Verify()
	info := x.Info()
	if err := errors.Join(err, x.Close()); err != nil {
		return nil, err
	}
	digest, err := digestOf(path)
	if err != nil {
		return nil, err
	}
	m := describe(info, digest, version)
	return &m, nil
}

// digestOf hashes a file.
func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// rawManifest is a manifest's bytes as go-containerregistry pushes them.
type rawManifest []byte

func (m rawManifest) RawManifest() ([]byte, error)        { return m, nil }
func (m rawManifest) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }

// fileLayer is the index file as go-containerregistry uploads it.
type fileLayer struct {
	path   string
	digest v1.Hash
	size   int64
}

func newFileLayer(path string, m *Manifest) (fileLayer, error) {
	digest, err := v1.NewHash(m.Digest)
	return fileLayer{path, digest, m.Size}, err
}

func (l fileLayer) Digest() (v1.Hash, error)             { return l.digest, nil }
func (l fileLayer) DiffID() (v1.Hash, error)             { return l.digest, nil }
func (l fileLayer) Compressed() (io.ReadCloser, error)   { return os.Open(l.path) }
func (l fileLayer) Uncompressed() (io.ReadCloser, error) { return os.Open(l.path) }
func (l fileLayer) Size() (int64, error)                 { return l.size, nil }
func (l fileLayer) MediaType() (types.MediaType, error)  { return IndexType, nil }
