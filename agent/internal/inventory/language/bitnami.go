package language

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Bitnami reads the SPDX document that Bitnami's images have for each
// component that Bitnami built: /opt/bitnami/nginx/.spdx-nginx.spdx, SPDX 2 in
// JSON (https://github.com/bitnami/vulndb, "How to consume this CVE feed").
// Only what it names by a Bitnami purl is taken: the application libraries
// that it lists too are found where they lie.
func Bitnami() inventory.Extractor {
	return inventory.Extractor{Name: "bitnami", Want: wantBitnami, Extract: extractBitnami}
}

func wantBitnami(f layer.File) layer.Want {
	base := path.Base(f.Path)
	if strings.HasPrefix(base, ".spdx-") && strings.HasSuffix(base, ".spdx") && strings.Contains(f.Path, "bitnami/") {
		return layer.Take
	}
	return layer.Skip
}

type spdxPackage struct {
	ExternalRefs []struct {
		ReferenceType    string
		ReferenceLocator string
	}
}

func extractBitnami(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	text, err := readText(content)
	if err != nil {
		return nil, err
	}
	var document struct {
		SPDXVersion string
		Packages    []spdxPackage
	}
	if err := json.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if document.SPDXVersion == "" {
		return nil, errors.New("it is no SPDX document")
	}
	var c inventory.Contents
	for _, p := range document.Packages {
		for _, ref := range p.ExternalRefs {
			if ref.ReferenceType != "purl" || !strings.HasPrefix(ref.ReferenceLocator, "pkg:"+packageurl.TypeBitnami+"/") {
				continue
			}
			u, err := packageurl.FromString(ref.ReferenceLocator)
			if err != nil || u.Version == "" {
				return nil, errors.New("it names a component by what is no package URL with a version")
			}
			c.Packages = append(c.Packages, newPackage(packageurl.TypeBitnami, u.Name, u.Version, f.Path, u.Qualifiers...))
		}
	}
	return &c, nil
}
