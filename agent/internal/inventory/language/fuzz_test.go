package language

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// fuzz feeds an extractor with variations of the files in testdata/NAME.txtar
// that it wants, and of extra ones. Whatever they become, it must not panic,
// and a package must have a name, a purl and the path of its file.
func fuzz(f *testing.F, e inventory.Extractor, name string, extra ...[]byte) {
	if archive, err := txtar.ParseFile(filepath.Join("testdata", e.Name+".txtar")); err == nil {
		for _, file := range archive.Files {
			if e.Want(layer.File{Path: file.Name, Size: int64(len(file.Data))}) == layer.Take {
				f.Add(file.Data)
			}
		}
	}
	for _, content := range extra {
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, err := offer(t, e, layer.File{Path: name, Mode: 0o755}, content)
		if err != nil || c == nil {
			return
		}
		for _, p := range c.Packages {
			if p.Name == "" || p.Ecosystem == "" || !bytes.HasPrefix([]byte(p.Path), []byte(name)) {
				t.Errorf("%+v", p)
			}
		}
	})
}

func FuzzNPM(f *testing.F)    { fuzz(f, NPM(), "a/node_modules/b/package.json") }
func FuzzPython(f *testing.F) { fuzz(f, Python(), "a-1.dist-info/METADATA") }
func FuzzGem(f *testing.F)    { fuzz(f, Gem(), "specifications/a-1.gemspec") }
func FuzzBitnami(f *testing.F) {
	fuzz(f, Bitnami(), "opt/bitnami/x/.spdx-x.spdx", []byte(`{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/x@1"}]}]}`))
}

func FuzzComposer(f *testing.F) {
	fuzz(f, Composer(), "vendor/composer/installed.json", []byte(`[{"name":"a/b","version":"1"}]`))
}
func FuzzDotNet(f *testing.F) { fuzz(f, DotNet(), "a.deps.json") }

func FuzzEgg(f *testing.F) {
	fuzz(f, Python(), "a-1.egg", makeJar(f, text("EGG-INFO/PKG-INFO", "Name: a\nVersion: 1\n")))
}

func FuzzJava(f *testing.F) {
	library := makeJar(f, log4jProperties, text(manifestName, springMF))
	fuzz(f, Java(), "a-1.jar", library,
		makeJar(f, member{"lib/b-2.jar", library, true}), makeJar(f, member{"lib/b-2.jar", library, false}))
}

func FuzzBinary(f *testing.F) {
	record, err := os.ReadFile("testdata/shop.dep-v0")
	if err != nil {
		f.Fatal(err)
	}
	info, err := os.ReadFile("testdata/shop.buildinfo")
	if err != nil {
		f.Fatal(err)
	}
	if c, err := offer(f, Binary(), programme, elfWith(".go.buildinfo", info)); err != nil || len(c.Packages) != 3 {
		f.Fatalf("the seed is no Go programme: %+v, %v", c, err)
	}
	upx := elfWith("x", append(bytes.Repeat([]byte{0}, 100), "UPX!"...))
	fuzz(f, Binary(), "bin/a", elfWith(".dep-v0", record), elfWith(".go.buildinfo", info), elfWith(".note.go.buildid", nil), noSections(upx))
}

// FuzzZip compares with archive/zip: what both read, they read the same way.
// Where only we refuse, there is a gap, and nothing is passed over in silence.
func FuzzZip(f *testing.F) {
	jar := makeJar(f, log4jProperties, member{"b.jar", []byte("stored"), true})
	f.Add(jar)
	f.Add(append([]byte("#!/bin/sh\n"), jar...))
	f.Fuzz(func(t *testing.T, content []byte) {
		in := bytes.NewReader(content)
		theirs, err := zip.NewReader(in, in.Size())
		if err != nil {
			return
		}
		ours, err := openZip(io.NewSectionReader(in, 0, in.Size()), new(zipBuffers), func([]byte) bool { return true })
		if err != nil {
			return
		}
		type file struct {
			Name, Content string
		}
		var want, got []file
		for i, z := range theirs.File {
			if i >= len(ours.files) {
				t.Fatalf("%d files, of %d", len(ours.files), len(theirs.File))
			}
			mine := ours.files[i]
			r, err := z.Open()
			if err != nil {
				continue
			}
			text, err := io.ReadAll(io.LimitReader(r, 1<<20))
			if err != nil || len(text) == 1<<20 || z.Flags&1 != 0 { // archive/zip takes encrypted files as they are
				continue
			}
			in, err := ours.open(mine)
			if err != nil {
				continue
			}
			mytext, err := io.ReadAll(in)
			if err != nil {
				continue
			}
			want = append(want, file{z.Name, string(text)})
			text = mytext
			got = append(got, file{mine.name, string(text)})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
