package language

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Composer reads composer/installed.json, which Composer keeps in its vendor
// folder, in the form of Composer 2 and in that of Composer 1. composer.lock
// is not read: beside installed.json it would report everything twice, with
// the development packages that --no-dev left out.
func Composer() inventory.Extractor {
	return inventory.Extractor{Name: "composer", Want: wantComposer, Extract: extractComposer}
}

func wantComposer(f layer.File) layer.Want {
	if path.Base(f.Path) == "installed.json" && path.Base(path.Dir(f.Path)) == "composer" {
		return layer.Take
	}
	return layer.Skip
}

type composerPackage struct{ Name, Version string }

func extractComposer(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	text, err := readText(content)
	if err != nil {
		return nil, err
	}
	var second struct{ Packages []composerPackage }
	installed := &second.Packages
	var into any = &second
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		into = installed
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, err
	}
	var c inventory.Contents
	for _, p := range *installed {
		if p.Name != "" && p.Version != "" {
			c.Packages = append(c.Packages, newPackage(packageurl.TypeComposer, p.Name, p.Version, f.Path))
		}
	}
	return &c, nil
}
