// Package source opens an image, wherever it is: an archive or a folder on
// disk, a docker or podman daemon, a registry. What comes out is the same for
// all of them: an image.Image whose layers can be read.
//
// Opening reads names, sizes, manifests and the config, and checks that they
// agree; no byte of a layer is read before someone opens its Blob. Everything
// that an image says is hostile: sizes, names, links, nesting and counts are
// bounded, and whatever is addressed by a digest is checked against it.
package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/layergate/layergate/agent/internal/image"
)

// The names of the sources, as prefixes of a reference and in Image.Source.
const (
	DockerArchive = "docker-archive"
	OCIArchive    = "oci-archive"
	OCILayout     = "oci"
	Docker        = "docker"
	Podman        = "podman"
	Registry      = "registry"
	RootFS        = "rootfs"
)

// Options says how to open an image. The zero value will do.
type Options struct {
	// Platform is os/arch[/variant], as in "linux/arm64". Empty asks for
	// linux on this machine's architecture where there is a choice, and takes
	// what there is where there is none.
	Platform string

	// Insecure lists registry hosts, as host or host:port, that may be spoken
	// to over plain HTTP or with a certificate that nobody vouches for.
	Insecure []string

	// CACert maps a registry's host, as host or host:port, to a PEM file of
	// authorities that are trusted for it besides the system's. The key ""
	// stands for the registry of the image that is opened.
	CACert map[string]string

	// Env looks up an environment variable; nil is an empty environment. It
	// is asked for the daemons' (DOCKER_HOST, CONTAINER_HOST, …) and the
	// proxies' variables.
	Env func(string) string

	// TempDir is where archives are spooled that cannot be read in place.
	// Empty is the system's. Nothing is left behind in it.
	TempDir string

	// Keychain has the registries' credentials; nil is docker's config with
	// its credential helpers.
	Keychain authn.Keychain

	// UserAgent is what registries and daemons are told; empty is "layergate".
	UserAgent string
}

func (o Options) env(name string) string {
	if o.Env == nil {
		return ""
	}
	return o.Env(name)
}

func (o Options) userAgent() string {
	if o.UserAgent == "" {
		return "layergate"
	}
	return o.UserAgent
}

// Open opens the image that ref names. The caller closes it.
//
// A ref that begins with the name of a source and a colon is opened there:
//
//	docker-archive:PATH[:REF]   oci-archive:PATH[:REF]   oci:PATH[:REF]
//	docker:NAME   podman:NAME   registry:NAME   rootfs:PATH
//
// Any other is, in this order, a path if there is such a file or folder (told
// apart by what is in it), an image of the docker daemon, of the podman
// daemon, of a registry. REF chooses between several images: a name that the
// archive has for it ("shop:1.0"), or the digest of its manifest or config.
func Open(ctx context.Context, ref string, o Options) (*image.Image, error) {
	if strings.TrimSpace(ref) == "" {
		return nil, errors.New("no image was named")
	}
	want, err := parsePlatform(o.Platform)
	if err != nil {
		return nil, err
	}
	img, err := open(ctx, ref, o, want)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", ref, err)
	}
	img.Name = ref
	if err := want.check(img.Platform); err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", ref, err), img.Close())
	}
	return img, nil
}

func open(ctx context.Context, ref string, o Options, want platform) (*image.Image, error) {
	prefix, rest, _ := strings.Cut(ref, ":")
	var img *image.Image
	var err error
	switch prefix {
	case DockerArchive, OCIArchive, OCILayout, RootFS:
		return openPath(ctx, rest, prefix, o, want)
	case Docker:
		img, err = openDocker(ctx, rest, o, want)
	case Podman:
		img, err = openPodman(ctx, rest, o, want)
	case Registry:
		img, err = openRegistry(ctx, rest, o, want)
	default:
		return guess(ctx, ref, o, want)
	}
	if err != nil && !strings.ContainsAny(rest, "/:@") {
		// docker:27 and registry:2 are images on Docker Hub.
		err = fmt.Errorf("%w (if %s is the image's name: docker.io/library/%s)", err, ref, ref)
	}
	return img, err
}
