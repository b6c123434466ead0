package language

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// DotNet reads *.deps.json, in which a .NET programme or shared framework
// lists what it consists of
// (https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md):
// NuGet packages, and the runtime packs of self-contained programmes, which
// are NuGet packages too. Projects are the programme's own code.
func DotNet() inventory.Extractor {
	return inventory.Extractor{Name: "dotnet", Want: wantDotNet, Extract: extractDotNet}
}

func wantDotNet(f layer.File) layer.Want {
	if strings.HasSuffix(f.Path, ".deps.json") {
		return layer.Take
	}
	return layer.Skip
}

type depsJSON struct {
	RuntimeTarget json.RawMessage              `json:"runtimeTarget"` // an object; a string in the first releases
	Targets       map[string]map[string]assets `json:"targets"`
	Libraries     map[string]struct{ Type string }
}

// assets are the files that a library brings to a target. The sets that do
// not exist at run time (compile) are not named here.
type assets struct {
	Runtime, Native, RuntimeTargets, Resources map[string]json.RawMessage
}

func (a assets) none() bool {
	return len(a.Runtime)+len(a.Native)+len(a.RuntimeTargets)+len(a.Resources) == 0
}

func extractDotNet(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	text, err := readText(content)
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(text, []byte(`"runtimeTarget"`)) {
		return nil, nil // other tools have files of this name too
	}
	var deps depsJSON
	if err := json.Unmarshal(bytes.TrimPrefix(text, byteOrderMark), &deps); err != nil {
		return nil, err
	}
	target := deps.target()
	var c inventory.Contents
	for _, library := range slices.Sorted(maps.Keys(deps.Libraries)) {
		name, version, _ := strings.Cut(library, "/")
		switch deps.Libraries[library].Type {
		case "package":
		case "runtimepack":
			name = strings.TrimPrefix(name, "runtimepack.")
		default:
			continue
		}
		// A package without files at run time is there to compile against, or
		// its files come with the framework, which has a list of its own.
		if a, listed := target[library]; listed && a.none() || name == "" || version == "" {
			continue
		}
		c.Packages = append(c.Packages, newPackage(packageurl.TypeNuget, name, version, f.Path))
	}
	return &c, nil
}

// target is what the libraries bring to the target that the programme was
// published for.
func (d depsJSON) target() map[string]assets {
	var object struct{ Name string }
	if json.Unmarshal(d.RuntimeTarget, &object) == nil {
		return d.Targets[object.Name]
	}
	var name string
	if json.Unmarshal(d.RuntimeTarget, &name) == nil {
		return d.Targets[name]
	}
	return nil // every library then counts
}
