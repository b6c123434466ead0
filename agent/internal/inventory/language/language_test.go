package language

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// offer does what a layer's walk does: the file is read if the extractor wants
// it after all that it may look at.
func offer(t testing.TB, e inventory.Extractor, f layer.File, content []byte) (*inventory.Contents, error) {
	t.Helper()
	f.Size = int64(len(content))
	switch e.Want(f) {
	case layer.Skip:
		return nil, nil
	case layer.Peek:
		if !e.Peek(f, content[:min(len(content), layer.HeadSize)]) {
			return nil, nil
		}
	}
	return e.Extract(context.Background(), f, io.NewSectionReader(bytes.NewReader(content), 0, f.Size))
}

// listing is "name version" of each package, sorted.
func listing(c *inventory.Contents) []string {
	var all []string
	if c != nil {
		for _, p := range c.Packages {
			all = append(all, p.Name+" "+p.Version)
		}
	}
	slices.Sort(all)
	return all
}

// TestInstalled compares what is read from real installations with what the
// tools that made them list.
func TestInstalled(t *testing.T) {
	for name, e := range map[string]inventory.Extractor{
		"npm": NPM(), "python": Python(), "gem": Gem(), "composer": Composer(), "dotnet": DotNet(),
	} {
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			var all inventory.Contents
			var truth []string
			for _, file := range archive.Files {
				if file.Name == "truth" {
					truth = strings.Split(strings.TrimSpace(string(file.Data)), "\n")
					continue
				}
				c, err := offer(t, e, layer.File{Path: file.Name, Mode: 0o644}, file.Data)
				if err != nil {
					t.Errorf("%s: %v", file.Name, err)
				}
				if c != nil {
					all.Packages = append(all.Packages, c.Packages...)
				}
			}
			slices.Sort(truth)
			if diff := cmp.Diff(truth, listing(&all)); diff != "" {
				t.Errorf("the tool's list (-), ours (+):\n%s", diff)
			}
		})
	}
}

// TestPackages pins what a package says besides its name and version. The
// purls are by hand, from the examples of
// https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst.
func TestPackages(t *testing.T) {
	tests := []struct {
		extractor inventory.Extractor
		path      string
		text      string
		want      inventory.Package
	}{
		{NPM(), "app/node_modules/@angular/animation/package.json", "\ufeff" + `{"name":"@angular/animation","version":"12.3.1"}`,
			inventory.Package{Type: "npm", Name: "@angular/animation", Version: "12.3.1", Ecosystem: "npm", PURL: "pkg:npm/%40angular/animation@12.3.1"}},
		{Python(), "x/zope_interface-5.0.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: zope.Interface_x\nVersion: 5.0.0+local.1\n\nText\n",
			inventory.Package{Type: "pypi", Name: "zope.Interface_x", Version: "5.0.0+local.1", Ecosystem: "PyPI", PURL: "pkg:pypi/zope.interface-x@5.0.0%2Blocal.1"}},
		{Gem(), "gems/specifications/jruby-launcher-1.1.2-java.gemspec", "# -*- encoding: utf-8 -*-\n# stub: jruby-launcher 1.1.2 java lib\n",
			inventory.Package{Type: "gem", Name: "jruby-launcher", Version: "1.1.2", Ecosystem: "RubyGems", PURL: "pkg:gem/jruby-launcher@1.1.2?platform=java"}},
		{Gem(), "gems/specifications/old-1.0.gemspec", "Gem::Specification.new do |s|\n  s.name = %q{x}\n  s.name = \"old\"\n  s.version = Gem::Version.new(\"1.0\")\nend\n",
			inventory.Package{Type: "gem", Name: "old", Version: "1.0", Ecosystem: "RubyGems", PURL: "pkg:gem/old@1.0"}},
		{Composer(), "vendor/composer/installed.json", `[{"name": "guzzlehttp/promises", "version": "v2.0.2", "version_normalized": "2.0.2.0"}]`,
			inventory.Package{Type: "composer", Name: "guzzlehttp/promises", Version: "v2.0.2", Ecosystem: "Packagist", PURL: "pkg:composer/guzzlehttp/promises@v2.0.2"}},
		{Bitnami(), "opt/bitnami/redis/.spdx-redis.spdx", `{"spdxVersion":"SPDX-2.3","packages":[
			{"name":"redis","versionInfo":"7.4.1-0","externalRefs":[
				{"referenceCategory":"SECURITY","referenceType":"cpe23Type","referenceLocator":"cpe:2.3:*:redis:redis:7.4.1:*:*:*:*:*:*:*"},
				{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"pkg:bitnami/redis@7.4.1-0?arch=arm64&distro=debian-12"}]},
			{"name":"a library of an application","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:maven/g/a@1.0"}]}]}`,
			inventory.Package{Type: "bitnami", Name: "redis", Version: "7.4.1-0", Ecosystem: "Bitnami", PURL: "pkg:bitnami/redis@7.4.1-0?arch=arm64&distro=debian-12"}},
		{DotNet(), "App.deps.json", `{"runtimeTarget":"net5","libraries":{"EnterpriseLibrary.Common/6.0.1304":{"type":"package"}}}`,
			inventory.Package{Type: "nuget", Name: "EnterpriseLibrary.Common", Version: "6.0.1304", Ecosystem: "NuGet", PURL: "pkg:nuget/EnterpriseLibrary.Common@6.0.1304"}},
	}
	for _, test := range tests {
		c, err := offer(t, test.extractor, layer.File{Path: test.path, Mode: 0o644}, []byte(test.text))
		if err != nil || c == nil {
			t.Errorf("%s: %v, %v", test.path, c, err)
			continue
		}
		test.want.Path = test.path
		if diff := cmp.Diff([]inventory.Package{test.want}, c.Packages); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", test.path, diff)
		}
	}
}

// TestFolderNames: what the metadata lacks, the folder tells.
func TestFolderNames(t *testing.T) {
	for p, want := range map[string]string{
		"lib/foo_bar-1.2.dist-info/METADATA":               "foo_bar 1.2",
		"lib/foo-1.2-py3.9.egg-info/PKG-INFO":              "foo 1.2",
		"lib/foo-1.2-py3.9-linux-x86_64.egg-info":          "foo 1.2",
		"lib/foo-1.2-py3.9.egg/EGG-INFO/PKG-INFO":          "foo 1.2",
		"lib/foo-1.2-py3.9.egg/EGG-INFO/Foo.egg-info":      "foo 1.2",
		"lib/other-3.dist-info/foo-1.2.dist-info/METADATA": "foo 1.2",
	} {
		c, err := offer(t, Python(), layer.File{Path: p}, []byte("Metadata-Version: 2.1\n\nName: not in the header\n"))
		if err != nil {
			t.Errorf("%s: %v", p, err)
		}
		if diff := cmp.Diff([]string{want}, listing(c)); diff != "" {
			t.Errorf("%s: %s", p, diff)
		}
	}
}

// TestDoubt says which broken files are doubts about the image (an error,
// which becomes a gap) and which are none.
func TestDoubt(t *testing.T) {
	const doubt, none = true, false
	tests := []struct {
		extractor inventory.Extractor
		path      string
		text      string
		want      bool
	}{
		{NPM(), "app/node_modules/foo/package.json", `{"name": "foo", "vers`, doubt},
		{NPM(), "app/node_modules/@s/foo/package.json", `{`, doubt},
		{NPM(), "app/node_modules/foo/node_modules/bar/package.json", `{`, doubt},
		{NPM(), "app/node_modules/.pnpm/foo@1.0.0/node_modules/foo/package.json", `{`, doubt},
		{NPM(), "app/node_modules/resolve/test/malformed/package.json", `{`, none},
		{NPM(), "app/node_modules/resolve/test/node_modules/foo/package.json", `{`, none},
		{NPM(), "app/node_modules/foo/package.json", ``, none},
		{NPM(), "app/node_modules/foo/package.json", `{"name": {}, "version": 1}`, none},
		{NPM(), "app/package.json", `{`, none},
		{Python(), "lib/foo.dist-info/METADATA", "Name: foo\n", doubt},
		{Python(), "lib/foo.egg", "not a zip archive", doubt},
		{Python(), "lib/foo.egg", "", none},
		{Python(), "lib/METADATA", "Name: foo\n", none},
		{Gem(), "specifications/foo-1.gemspec", "Gem::Specification.new { |s| s.name = NAME }", doubt},
		{Gem(), "bundler/gems/foo-0123/foo.gemspec", "", none},
		{Composer(), "vendor/composer/installed.json", `{"packages": [{]`, doubt},
		{Composer(), "vendor/composer/installed.json", `[]`, none},
		{Bitnami(), "opt/bitnami/x/.spdx-x.spdx", `{"spdxVersion": "SPDX-2.3", "pack`, doubt},
		{Bitnami(), "opt/bitnami/x/.spdx-x.spdx", `{}`, doubt},
		{Bitnami(), "opt/bitnami/x/.spdx-x.spdx", `{"spdxVersion":"SPDX-2.3","packages":[{"externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:bitnami/x"}]}]}`, doubt},
		{Bitnami(), "opt/bitnami/x/x.spdx", `{`, none},
		{DotNet(), "App.deps.json", `{"runtimeTarget": {"name": "`, doubt},
		{DotNet(), "App.deps.json", `{"runtimeTarget": {"name": "x"}, "libraries": []}`, doubt},
		{DotNet(), "editor.deps.json", `[`, none},
		{Java(), "app.jar", "<html>Not found</html>", doubt},
		{Java(), "app.jar", "", none},
		{Java(), "app.jar", "PK\x05\x06" + strings.Repeat("\x00", 18), none},
	}
	for _, test := range tests {
		c, err := offer(t, test.extractor, layer.File{Path: test.path, Mode: 0o644}, []byte(test.text))
		if got := err != nil; got != test.want {
			t.Errorf("%s %q: error %v", test.path, test.text, err)
		}
		if n := len(listing(c)); n > 0 {
			t.Errorf("%s %q: %d packages", test.path, test.text, n)
		}
	}
}

// TestNPMWithoutVersion: the package is there, whatever its version is.
func TestNPMWithoutVersion(t *testing.T) {
	for _, text := range []string{`{"name": "foo"}`, `{"name": "foo", "version": 1}`} {
		c, err := offer(t, NPM(), layer.File{Path: "app/node_modules/foo/package.json", Mode: 0o644}, []byte(text))
		if err != nil || c == nil || len(c.Packages) != 1 || c.Packages[0].Name != "foo" || c.Packages[0].Version != "" {
			t.Errorf("%s: %+v, %v", text, c, err)
		}
	}
}

// TestTooLarge: a metadata file beyond all reason is refused before it is read.
func TestTooLarge(t *testing.T) {
	f := layer.File{Path: "vendor/composer/installed.json", Mode: fs.FileMode(0o644)}
	_, err := Composer().Extract(context.Background(), f, io.NewSectionReader(failing{}, 0, 1<<40))
	if err == nil || !strings.Contains(err.Error(), fmt.Sprint(maxText)) {
		t.Errorf("error %v", err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { panic("read") }
