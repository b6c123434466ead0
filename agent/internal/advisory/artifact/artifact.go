// Package artifact distributes advisory indexes through OCI registries: it
// pushes them, pulls them, and keeps those that scans use in a cache.
//
// An index is an artifact as the OCI image specification 1.1 describes it
// ("Guidelines for artifact usage"): a manifest with an artifactType of its
// own, the empty config, and one layer, which is the index file as it is (its
// blocks are compressed already). The manifest's annotations say what people
// and programmes want to know before they fetch the layer: how old the index
// is, of what it was made, and by whom it is signed. The same index pushed by
// the same layergate with the same key is the same manifest, so its digest
// says everything; pushing it twice changes nothing.
//
// # Signatures
//
// What is signed is not the manifest but a Statement, which the annotations
// and the layer's descriptor give: the index file's digest and size, its
// contents' digest and its dates. The signature is an annotation. That has
// three reasons: it comes with the manifest, in the one request that is made
// anyway, so that a wrong one costs no download and a cached manifest can be
// checked again at any time; tools that copy images between registries copy it
// without knowing of it; and a signature that is moved to another index does
// not fit there. Ed25519 is RFC 8032's.
//
// # What is checked
//
// A pull checks the manifest's digest (if it was asked for by digest), the
// signature (if keys are given), that the index is not older than the one that
// it replaces, the layer's digest and size while it comes, and then the index
// itself: its contents' digest and that it says of itself what the manifest
// says of it. Only then the file gets its name.
package artifact

import (
	"crypto/ed25519"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/layergate/layergate/agent/internal/registry"
)

// Scheme is what references to indexes in registries begin with.
const Scheme = "oci://"

// The media types. They change when an older layergate would misunderstand
// the manifest; the format of the index file has its own number.
const (
	ArtifactType  = "application/vnd.layergate.index.v1"
	IndexType     = types.MediaType("application/vnd.layergate.index.file.v1")
	StatementType = "application/vnd.layergate.index.statement.v1+json"

	// emptyType is the config of artifacts that need none: the two bytes {}.
	emptyType = types.MediaType("application/vnd.oci.empty.v1+json")
)

// The annotations. The first is the OCI's, the time at which the index was
// built; the others are ours.
const (
	annotationBuilt     = "org.opencontainers.image.created"
	annotationNewest    = "vnd.layergate.index.newest"   // the newest date of any source
	annotationContents  = "vnd.layergate.index.contents" // store.Info.Digest
	annotationFormat    = "vnd.layergate.index.format"   // store.Info.FormatVersion
	annotationSources   = "vnd.layergate.index.sources"  // JSON: [{"name":…,"date":…}]
	annotationSignature = "vnd.layergate.index.signature.ed25519"
	annotationVersion   = "vnd.layergate.version"

	// annotationTitle names the layer's file for tools such as oras.
	annotationTitle = "org.opencontainers.image.title"
)

const (
	maxManifest = 1 << 20
	maxIndex    = 4 << 30 // bytes; no index is near it
)

// Options says how to reach a registry and whom to believe.
type Options struct {
	Registry registry.Options

	// Keys, if any, are those of which one must have signed the index.
	Keys []ed25519.PublicKey

	// Progress, if not nil, is told of the bytes of the index that have come.
	Progress func(done, total int64)
}

// IsReference says whether s names an index in a registry.
func IsReference(s string) bool { return strings.HasPrefix(s, Scheme) }

// repository is one repository and what is asked of it.
type repository struct {
	*registry.Repository
	ref name.Reference
}

// open reads a reference, "oci://HOST/REPOSITORY[:TAG][@DIGEST]"; nothing is
// sent yet. Beside a digest, a tag means nothing. The host must be there: none
// is guessed.
func open(ref string, o registry.Options) (*repository, error) {
	rest, ok := strings.CutPrefix(ref, Scheme)
	host, _, named := strings.Cut(rest, "/")
	if !ok || !named || host != "localhost" && !strings.ContainsAny(host, ".:") {
		return nil, fmt.Errorf("%q names no index in a registry (want %sREGISTRY/REPOSITORY:TAG)", ref, Scheme)
	}
	o.Noun = "index"
	r, err := registry.Parse(rest, o)
	if err != nil {
		return nil, fmt.Errorf("%q names no index in a registry (want %sREGISTRY/REPOSITORY:TAG): %w", ref, Scheme, err)
	}
	repo, err := registry.New(r.Context(), o)
	if err != nil {
		return nil, err
	}
	return &repository{repo, r}, nil
}
