package language

import (
	"context"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Gem reads the specifications that RubyGems writes for installed gems:
// specifications/NAME-VERSION.gemspec, and specifications/default for the ones
// that come with Ruby. They are Ruby programmes, but generated ones
// (Gem::Specification#to_ruby). A gemspec elsewhere is a gem's source, written
// by people, and says nothing that could be read without running it.
func Gem() inventory.Extractor {
	return inventory.Extractor{Name: "gem", Want: wantGem, Extract: extractGem}
}

func wantGem(f layer.File) layer.Want {
	if !strings.HasSuffix(f.Path, ".gemspec") {
		return layer.Skip
	}
	if dir := strings.TrimSuffix(path.Dir(f.Path), "/default"); path.Base(dir) == "specifications" {
		return layer.Take
	}
	return layer.Skip
}

var (
	// stub is the line that RubyGems itself reads instead of running the file:
	// "# stub: NAME VERSION PLATFORM REQUIRE_PATHS".
	stub = regexp.MustCompile(`(?m)^# stub: (\S+) (\S+) (\S+) `)

	gemName     = regexp.MustCompile(`(?m)^\s*\w+\.name\s*=\s*["']([^"']+)["']`)
	gemVersion  = regexp.MustCompile(`(?m)^\s*\w+\.version\s*=\s*(?:Gem::Version\.new\()?\s*["']([^"']+)["']`)
	gemPlatform = regexp.MustCompile(`(?m)^\s*\w+\.platform\s*=\s*["']([^"']+)["']`)
)

func extractGem(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	text, err := readText(content)
	if err != nil {
		return nil, err
	}
	name, version, platform := first(gemName, text), first(gemVersion, text), first(gemPlatform, text)
	if m := stub.FindSubmatch(text); m != nil {
		name, version, platform = string(m[1]), string(m[2]), string(m[3])
	}
	if name == "" || version == "" {
		return nil, errors.New("it has no name and version that can be read without running it")
	}
	var qualifiers []packageurl.Qualifier
	if platform != "" && platform != "ruby" {
		qualifiers = append(qualifiers, packageurl.Qualifier{Key: "platform", Value: platform})
	}
	return &inventory.Contents{Packages: []inventory.Package{newPackage(packageurl.TypeGem, name, version, f.Path, qualifiers...)}}, nil
}

func first(re *regexp.Regexp, text []byte) string {
	if m := re.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}
