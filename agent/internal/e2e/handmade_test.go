package e2e

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is one entry of a layer: a file, unless link or folder say otherwise.
type entry struct {
	name, content string
	link          string // a symbolic link's target
	hard          string // a hard link's target
	folder        bool
}

// module is the package.json of an npm package.
func module(folder, version string) entry {
	name := filepath.Base(folder)
	return entry{name: folder + "/package.json", content: `{"name": "` + name + `", "version": "` + version + `"}`}
}

// TestLayersThatNoBuilderWrites makes layers by hand: legal, odd, and what
// some tool has written some time. What they mean is what the real docker
// makes of them.
func TestLayersThatNoBuilderWrites(t *testing.T) {
	need(t, "docker", "skopeo")
	for _, test := range []struct {
		name   string
		layers [][]entry
		untar  bool // docker refuses it, other engines don't: it means what tar makes of it
	}{
		{
			name:   "an entry repeated in one layer",
			layers: [][]entry{{module("a/node_modules/ms", "1.0.0"), module("a/node_modules/ms", "2.0.0")}},
			untar:  true,
		}, {
			name: "an opaque marker after the folder's new files",
			layers: [][]entry{
				{module("a/node_modules/ms", "1.0.0"), module("a/node_modules/qs", "1.0.0")},
				{module("a/node_modules/ms", "2.0.0"), {name: "a/node_modules/.wh..wh..opq"}},
			},
		}, {
			name: "an opaque marker before them",
			layers: [][]entry{
				{module("a/node_modules/ms", "1.0.0"), module("a/node_modules/qs", "1.0.0")},
				{{name: "a/node_modules/.wh..wh..opq"}, module("a/node_modules/ms", "2.0.0")},
			},
		}, {
			name: "names that begin with ./ and /",
			layers: [][]entry{
				{module("./a/node_modules/ms", "1.0.0"), module("/b/node_modules/qs", "1.0.0")},
				{{name: "./a/node_modules/.wh.ms"}, {name: "/b/node_modules/.wh.qs"}, module("c/node_modules/ms", "3.0.0")},
			},
		}, {
			name: "a whiteout of a folder, and of a file that is not there",
			layers: [][]entry{
				{module("a/node_modules/ms", "1.0.0"), module("b/node_modules/ms", "1.0.0")},
				{{name: ".wh.a"}, {name: "b/.wh.nothing"}},
			},
		}, {
			name: "deleted, and back two layers later",
			layers: [][]entry{
				{module("a/node_modules/ms", "1.0.0")}, {{name: "a/.wh.node_modules"}}, {module("a/node_modules/qs", "1.0.0")},
			},
		}, {
			name: "a hard link to a file that nobody would look at by its own name",
			layers: [][]entry{
				{{name: "store/0a1b", content: `{"name": "ms", "version": "1.0.0"}`}, {name: "a/node_modules/ms/package.json", hard: "store/0a1b"}},
			},
		}, {
			name: "a folder under a linked folder",
			layers: [][]entry{
				{{name: "data", folder: true}, {name: "app", link: "data"}, module("data/node_modules/ms", "1.0.0")},
				{{name: "data/node_modules/.wh.ms"}, module("data/node_modules/qs", "1.0.0")},
			},
		}, {
			name: "a link to itself and one out of the image",
			layers: [][]entry{
				{{name: "a", link: "a"}, {name: "b", link: "../../../etc"}, module("c/node_modules/ms", "1.0.0")},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "layout")
			writeLayout(t, folder, test.layers)
			var root string
			if test.untar {
				root = untar(t, append([][]entry{smallDebian}, test.layers...))
			} else {
				root = export(t, dockerLoad(t, "oci:"+folder, "handmade"))
			}
			got := scan(t, folder)
			sameList(t, "npm", npm(t, root), installed(got, "npm"))
			sameButLayers(t, got, scan(t, root))
		})
	}
}

// smallDebian is the lowest layer of all these images.
var smallDebian = []entry{
	{name: "etc/os-release", content: "ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n"},
	{name: "var/lib/dpkg/status", content: "Package: tar\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.34\n\n"},
}

// untar unpacks layers, which have no whiteouts, with the real tar.
func untar(t testing.TB, layers [][]entry) string {
	t.Helper()
	root := t.TempDir()
	for _, entries := range layers {
		file := filepath.Join(t.TempDir(), "layer.tar")
		write(t, file, string(archive(t, entries)))
		run(t, "tar", "--extract", "--file", file, "--directory", root)
	}
	return root
}

// writeLayout writes an image of a small Debian and some layers on it.
func writeLayout(t testing.TB, folder string, layers [][]entry) {
	t.Helper()
	config := &v1.ConfigFile{Architecture: "amd64", OS: "linux", RootFS: v1.RootFS{Type: "layers"}}
	image, err := mutate.ConfigFile(mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1), config)
	if err != nil {
		t.Fatal(err)
	}
	for _, entries := range append([][]entry{smallDebian}, layers...) {
		content := archive(t, entries)
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		}, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			t.Fatal(err)
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			t.Fatal(err)
		}
	}
	index, err := layout.Write(folder, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := index.AppendImage(image); err != nil {
		t.Fatal(err)
	}
}

func archive(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), Typeflag: tar.TypeReg}
		switch {
		case e.folder:
			h.Name, h.Mode, h.Typeflag = strings.TrimSuffix(e.name, "/")+"/", 0o755, tar.TypeDir
		case e.link != "":
			h.Linkname, h.Typeflag = e.link, tar.TypeSymlink
		case e.hard != "":
			h.Linkname, h.Typeflag = e.hard, tar.TypeLink
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
