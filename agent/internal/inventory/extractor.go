package inventory

import (
	"context"
	"io"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Extractor reads one format. What it makes of a file depends on that file
// alone, never on other files or on lower layers, so that a layer's contents
// can be cached by its diff ID.
//
// Want and Peek must not insist on a directory where that could be reached
// through a symbolic link (/var/lib/dpkg): an extractor takes what looks like
// its format by name and first bytes, and the fold decides by the final path.
type Extractor struct {
	Name string // "dpkg", "npm", …; appears in gaps
	Want func(f layer.File) layer.Want
	Peek func(f layer.File, head []byte) bool // nil if Want never answers layer.Peek
	// Extract returns an error when the file claims to be of the format and
	// cannot be read whole; it becomes a gap. A file that merely turned out
	// not to be of the format is no error: it returns nil Contents.
	Extract func(ctx context.Context, f layer.File, content *io.SectionReader) (*Contents, error)

	// Roots are the places, relative to the image's root and in order of
	// preference, where this format's files count ("var/lib/dpkg/status"; a
	// trailing slash, "var/lib/dpkg/info/", is for any file directly in that
	// folder). The fold follows symbolic links to them, and drops contents
	// found elsewhere. Nil: a file counts wherever it lies.
	Roots []string
}

// Contents is what one file says.
type Contents struct {
	// Packages that the file names. Layer, FirstLayer and OwnedBy are filled
	// by the fold; Ecosystem and PURL of distro packages too, since they
	// depend on the image's os-release.
	Packages []Package

	// Owned says which files belong to distro packages.
	Owned []Owned

	// Distro is set by os-release files.
	Distro *image.Distro

	// Gaps are parts of the file that could not be read while the rest could.
	// Their Layer is filled by the fold.
	Gaps []finding.Gap
}

// Owned is a distro package and the files that it installed.
type Owned struct {
	Package string   // the distro package's name
	Files   []string // clean, relative to the root
}
