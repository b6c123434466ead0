// Package inventory knows what is installed in an image: every package, the
// layer that brought it in, and the one that last changed or removed it.
package inventory

import "github.com/layergate/layergate/agent/internal/image"

// Package is one installed package. A distro package and one of a language are
// the same type; Distro tells them apart.
type Package struct {
	Type       string // the purl's type: deb, apk, rpm, golang, maven, npm, pypi, gem, composer, nuget, cargo
	Name       string // as its ecosystem writes it; maven: "group:artifact"
	Version    string // as its ecosystem writes it, epoch included where there is one
	Arch       string
	PURL       string
	Ecosystem  string // OSV's name for it; a distro's with its release: "Debian:12", "npm"; empty if OSV has none
	SourceName string // the source package, for distro packages; else empty
	SourceVer  string // the source package's version, for distro packages; else empty
	Module     string // rpm's modularity label, "name:stream:version:context"
	Path       string // the file that says so: the package database, the jar, the binary, package.json
	Distro     bool   // installed by the distro's package manager

	// OwnedBy is the distro package whose files Path is among. The package is
	// then known by its distro name, and not matched a second time.
	OwnedBy string

	Layer      int // index into Image.Layers: where the installed version came in
	FirstLayer int // where any version of it first came in
}

// Removed is a package that a layer brought in and an upper one deleted or
// replaced: it is gone from the image but still in the bytes that are pulled.
type Removed struct {
	Package
	RemovedIn int // index into Image.Layers
}

// Inventory is everything installed in one image.
type Inventory struct {
	Distro   *image.Distro // nil when the image has no os-release
	Packages []Package
	Removed  []Removed
}
