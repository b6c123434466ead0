package source

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layergate/layergate/agent/internal/image"
)

// The bounds on what is decoded. Registries refuse manifests over 4 MiB, as
// the OCI distribution specification asks; a config of 8 MiB and 10,000 steps
// is far beyond what a runtime can mount (128 layers for overlayfs).
const (
	maxManifest = 4 << 20
	maxConfig   = 8 << 20
	maxList     = 10_000
)

// list is a JSON array that stays within maxList: a few bytes of JSON can
// stand for a large struct.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil {
		return err
	} else if t != json.Delim('[') {
		return errors.New("a list was expected")
	}
	*l = list[T]{} // a list that is there and empty is not nil
	for dec.More() {
		if len(*l) >= maxList {
			return fmt.Errorf("a list has more than %d entries", maxList)
		}
		var v T
		if err := dec.Decode(&v); err != nil {
			return err
		}
		*l = append(*l, v)
	}
	return nil
}

// manifest is an image manifest or an index, OCI's or Docker's.
type manifest struct {
	SchemaVersion int                 `json:"schemaVersion"`
	MediaType     types.MediaType     `json:"mediaType"`
	Config        *v1.Descriptor      `json:"config"`
	Layers        list[v1.Descriptor] `json:"layers"`
	Manifests     list[v1.Descriptor] `json:"manifests"`
}

// configFile is the part of an image's config that is used.
type configFile struct {
	Architecture string           `json:"architecture"`
	OS           string           `json:"os"`
	Variant      string           `json:"variant"`
	Created      v1.Time          `json:"created"`
	Config       v1.Config        `json:"config"`
	History      list[v1.History] `json:"history"`
	RootFS       struct {
		DiffIDs list[v1.Hash] `json:"diff_ids"`
	} `json:"rootfs"`
}

func (c *configFile) platform() image.Platform {
	return image.Platform{OS: c.OS, Architecture: c.Architecture, Variant: c.Variant}
}

// sha256Of is the digest of b in the form that ids have.
func sha256Of(b []byte) string {
	h, _, _ := v1.SHA256(bytes.NewReader(b)) // reading memory cannot fail
	return h.String()
}

// verify checks b against what a descriptor says of it. A descriptor's size
// is not checked where it is negative: not said.
func verify(b []byte, want v1.Hash, size int64) error {
	if size >= 0 && int64(len(b)) != size {
		return fmt.Errorf("%s has %d bytes and its descriptor says %d", want, len(b), size)
	}
	h, err := v1.Hasher(want.Algorithm)
	if err != nil {
		return err
	}
	_, _ = h.Write(b) // a hash never fails
	if got := hex.EncodeToString(h.Sum(nil)); got != want.Hex {
		return fmt.Errorf("%s does not match its digest: its bytes have %s:%s", want, want.Algorithm, got)
	}
	return nil
}

// assemble makes an image of its config and its layers, which have everything
// but diff IDs and history.
func assemble(rawConfig []byte, layers []image.Layer) (*image.Image, error) {
	var c configFile
	if err := json.Unmarshal(rawConfig, &c); err != nil {
		return nil, fmt.Errorf("reading the image's config: %w", err)
	}
	if len(c.RootFS.DiffIDs) != len(layers) {
		return nil, fmt.Errorf("the manifest has %d layers and the config %d diff IDs: they are not of one image",
			len(layers), len(c.RootFS.DiffIDs))
	}
	for i, d := range c.RootFS.DiffIDs {
		if d == (v1.Hash{}) {
			return nil, fmt.Errorf("reading the image's config: diff ID %d is empty", i)
		}
		layers[i].DiffID = d.String()
	}
	img := &image.Image{
		ID:       sha256Of(rawConfig),
		Platform: c.platform(),
		Created:  known(c.Created.Time),
		Config:   c.Config,
	}
	img.Layers, img.Notes = image.Layers(c.History, layers)
	return img, nil
}

// known makes Go's and Unix's zero times, which reproducible builds write,
// both "not said".
func known(t time.Time) time.Time {
	if t.Unix() <= 0 {
		return time.Time{}
	}
	return t
}
