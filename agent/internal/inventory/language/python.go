package language

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Python reads the core metadata of installed distributions, in each form in
// which it is left (https://packaging.python.org/specifications/core-metadata/):
// NAME.dist-info/METADATA, NAME.egg-info/PKG-INFO, NAME.egg-info as a file,
// NAME.egg/EGG-INFO/PKG-INFO, and NAME.egg as a zip archive. A copy that
// another distribution carries (setuptools/_vendor) is installed as well.
//
// Names are as their metadata writes them; PEP 503 says which of them are the
// same (the purl is normalised, and who compares names must do so).
func Python() inventory.Extractor {
	return inventory.Extractor{Name: "python", Want: wantPython, Extract: extractPython}
}

func wantPython(f layer.File) layer.Want {
	if isMetadata(f.Path) || strings.HasSuffix(f.Path, ".egg") {
		return layer.Take
	}
	return layer.Skip
}

func isMetadata(p string) bool {
	dir, base := path.Split(p)
	dir = strings.TrimSuffix(dir, "/")
	switch base {
	case "METADATA":
		return strings.HasSuffix(dir, ".dist-info")
	case "PKG-INFO":
		return strings.HasSuffix(dir, ".egg-info") || path.Base(dir) == "EGG-INFO"
	}
	return strings.HasSuffix(base, ".egg-info")
}

func extractPython(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	if strings.HasSuffix(f.Path, ".egg") {
		return extractEgg(f, content)
	}
	name, version, err := coreMetadata(content)
	if err != nil {
		return nil, err
	}
	return distribution(f.Path, name, version)
}

// extractEgg reads an egg that is a zip archive.
func extractEgg(f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	if content.Size() == 0 {
		return nil, nil
	}
	z, err := openZip(content, new(zipBuffers), func(name []byte) bool { return string(name) == "EGG-INFO/PKG-INFO" })
	if err != nil {
		return nil, err
	}
	if len(z.files) == 0 {
		return nil, nil // some other kind of egg
	}
	in, err := z.open(z.files[0])
	if err != nil {
		return nil, fmt.Errorf("EGG-INFO/PKG-INFO: %w", err)
	}
	name, version, err := coreMetadata(in)
	if err != nil {
		return nil, fmt.Errorf("EGG-INFO/PKG-INFO: %w", err)
	}
	return distribution(f.Path, name, version)
}

// maxMetadata bounds the header of a metadata file; descriptions that older
// tools put there come to some 100 KB.
const maxMetadata = 4 << 20

// coreMetadata gives the name and version of a metadata file, reading no
// further than it must; "" for what the header lacks.
func coreMetadata(r io.Reader) (name, version string, err error) {
	in := bufio.NewReader(io.LimitReader(r, maxMetadata))
	for name == "" || version == "" {
		line, err := in.ReadString('\n')
		if key, value, found := strings.Cut(line, ":"); found {
			switch {
			case name == "" && strings.EqualFold(key, "Name"):
				name = strings.TrimSpace(value)
			case version == "" && strings.EqualFold(key, "Version"):
				version = strings.TrimSpace(value)
			}
		}
		if errors.Is(err, io.EOF) || strings.TrimRight(line, "\r\n") == "" {
			return name, version, nil
		}
		if err != nil {
			return "", "", err
		}
	}
	return name, version, nil
}

// folder is the name of a dist-info or egg-info folder or file:
// NAME-VERSION.dist-info, NAME-VERSION-py3.9.egg-info, NAME-VERSION-py3.9.egg.
var folder = regexp.MustCompile(`^([^-/]+)-([^-/]+)(?:-[^/]*)?\.(?:dist-info|egg-info|egg)$`)

// distribution is the package of the metadata at p. What the metadata lacks
// is taken from the names of the file and folders; without a version there is
// nothing to compare, and that is an error.
func distribution(p, name, version string) (*inventory.Contents, error) {
	for dir := p; dir != "." && dir != "/" && (name == "" || version == ""); dir = path.Dir(dir) {
		if m := folder.FindStringSubmatch(path.Base(dir)); m != nil {
			name, version = m[1], m[2]
		}
	}
	if name == "" || version == "" {
		return nil, errors.New("it has no Name and Version, and its folder's name does not tell them")
	}
	return &inventory.Contents{Packages: []inventory.Package{newPackage(packageurl.TypePyPi, name, version, p)}}, nil
}
