package language

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"path"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// NPM reads the package.json of every installed package: the one directly in
// node_modules/NAME or node_modules/@SCOPE/NAME, wherever that node_modules
// lies. The same package at two paths is installed twice and listed twice.
//
// Any other package.json is no installation and not wanted: an application's
// own, those that choose a module format for a folder of a package, and those
// in a package's test data, which are broken on purpose in the resolve
// package. A node_modules within such test data cannot be told by name from a
// bundled dependency, so what it holds is listed, but being broken there is no
// doubt about the image.
func NPM() inventory.Extractor {
	return inventory.Extractor{Name: "npm", Want: wantNPM, Extract: extractNPM}
}

func wantNPM(f layer.File) layer.Want {
	if path.Base(f.Path) != "package.json" || f.Size == 0 {
		return layer.Skip
	}
	folders := strings.Split(path.Dir(f.Path), "/")
	if installed, _ := cutInstalled(folders); !installed {
		return layer.Skip
	}
	return layer.Take
}

// cutInstalled says whether the last of folders are node_modules/NAME or
// node_modules/@SCOPE/NAME, and gives the folders before them.
func cutInstalled(folders []string) (bool, []string) {
	n := len(folders)
	if n >= 2 && folders[n-2] == "node_modules" && !strings.HasPrefix(folders[n-1], "@") {
		return true, folders[:n-2]
	}
	if n >= 3 && folders[n-3] == "node_modules" && strings.HasPrefix(folders[n-2], "@") {
		return true, folders[:n-3]
	}
	return false, folders
}

// mustBeWhole says whether npm itself put the package at this path: whether
// every node_modules above it belongs to an installed package too. pnpm's
// store, node_modules/.pnpm/NAME@VERSION, counts as one.
func mustBeWhole(packageJSON string) bool {
	installed, above := cutInstalled(strings.Split(path.Dir(packageJSON), "/"))
	for installed {
		installed, above = cutInstalled(above)
	}
	if n := len(above); n >= 3 && above[n-2] == ".pnpm" {
		above = above[:n-3]
	}
	for _, folder := range above {
		if folder == "node_modules" {
			return false
		}
	}
	return true
}

func extractNPM(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	text, err := readText(content)
	if err != nil {
		return nil, err
	}
	var p struct{ Name, Version any } // any: an odd type is no package, and no reason to fail
	if err := json.Unmarshal(bytes.TrimPrefix(text, byteOrderMark), &p); err != nil {
		if !mustBeWhole(f.Path) {
			return nil, nil
		}
		return nil, err
	}
	name, _ := p.Name.(string)
	version, _ := p.Version.(string)
	if name == "" {
		return nil, nil
	}
	// Without a version it is listed all the same: if there are advisories for
	// the name, nobody can tell, and the matcher says so.
	return &inventory.Contents{Packages: []inventory.Package{newPackage(packageurl.TypeNPM, name, version, f.Path)}}, nil
}

var byteOrderMark = []byte("\xef\xbb\xbf")
