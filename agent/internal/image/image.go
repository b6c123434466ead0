// Package image is the vocabulary of images: what an image is made of once a
// source has opened it, whatever it was opened from.
//
// An Image is a list of Layers, lowest first. Every history entry has its
// place in that list, the ones that changed no file too (ENV, CMD, …), so that
// one index names both an instruction and the layer that it made.
package image

import (
	"context"
	"io"
	"io/fs"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Image is one image for one platform, opened for reading.
type Image struct {
	Name     string    // as the user asked for it
	Source   string    // how it was found: "docker-archive", "oci-archive", "oci", "docker", "podman", "registry" or "rootfs"
	Location string    // where: a path, a socket or a registry's host
	ID       string    // the config's digest, "sha256:…"; empty for a root file system
	Digest   string    // the manifest's digest, "sha256:…", where the source knows it
	Tags     []string  // the names that the source has for it
	Platform Platform  // what it runs on
	Created  time.Time // zero where the image does not say
	Config   v1.Config // user, env, entrypoint, labels, …
	Layers   []Layer   // lowest first, empty ones included

	// Notes are oddities that change no finding but should be seen, such as a
	// history that does not fit the layers.
	Notes []string

	// Closer releases what the source holds open; nil when it holds nothing.
	Closer io.Closer
}

// Close releases what the image's source holds open.
func (i *Image) Close() error {
	if i.Closer == nil {
		return nil
	}
	return i.Closer.Close()
}

// Platform is an operating system and a CPU, as in the OCI image specification.
type Platform struct {
	OS           string `json:"os,omitempty"`
	Architecture string `json:"architecture,omitempty"`
	Variant      string `json:"variant,omitempty"`
}

// String is the usual os/arch[/variant].
func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

// Origin says whether a layer belongs to the base image or was added on top.
type Origin string

// The origins. Unknown is what an image without telling history has; a policy
// treats it as App, the stricter of the two.
const (
	OriginUnknown Origin = ""
	OriginBase    Origin = "base"
	OriginApp     Origin = "app"
)

// Layer is one step of an image: an instruction and, unless it is empty, the
// changes to the file system that the instruction made.
type Layer struct {
	Index       int       // its place in Image.Layers
	Instruction string    // the Dockerfile instruction, cleaned: "RUN apt-get install …"; empty where history is silent
	CreatedBy   string    // history's created_by, as it stands
	Comment     string    // history's comment, as it stands
	Created     time.Time // zero where history does not say
	Origin      Origin
	Empty       bool // the instruction changed no file: no digests, no Blob

	DiffID    string // digest of the uncompressed tar, "sha256:…"; empty for a root file system
	Digest    string // digest of the stored bytes, where the source knows it
	MediaType string // as the manifest says, where it says
	Size      int64  // stored bytes, -1 where unknown

	// Exactly one of these is set in a layer that is not empty.
	Blob Blob  // a tar, perhaps compressed
	FS   fs.FS // a root file system
}

// Blob is a layer's bytes as they are stored.
type Blob interface {
	// Open starts reading at the first stored byte. A reader that can seek
	// also implements io.ReaderAt and io.Seeker. One that cannot must verify
	// the stored bytes' digest by the time that it returns io.EOF, if the
	// source knows that digest.
	Open(ctx context.Context) (io.ReadCloser, error)
}
