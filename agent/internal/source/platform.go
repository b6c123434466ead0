package source

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/image"
)

// platform is the platform that is wanted. Unless it is explicit, it is a
// preference: an image that has just one platform is taken as it is.
type platform struct {
	image.Platform
	explicit bool
}

func parsePlatform(s string) (platform, error) {
	if s == "" {
		return platform{Platform: image.Platform{OS: "linux", Architecture: runtime.GOARCH}}, nil
	}
	parts := strings.Split(s, "/")
	if len(parts) < 2 || len(parts) > 3 || slices.Contains(parts, "") {
		return platform{}, fmt.Errorf("platform %q is not of the form os/arch or os/arch/variant, such as linux/arm64", s)
	}
	p := image.Platform{OS: parts[0], Architecture: parts[1]}
	if len(parts) == 3 {
		p.Variant = parts[2]
	}
	return platform{Platform: p, explicit: true}, nil
}

// check refuses an image of another platform than was asked for. What an
// image does not say is taken as right: configs often leave out the variant.
func (p platform) check(have image.Platform) error {
	if !p.explicit || have.OS == "" || have.Architecture == "" {
		return nil
	}
	full := have
	if full.Variant == "" {
		full.Variant = p.Variant
	}
	if p.matches(full) {
		return nil
	}
	return fmt.Errorf("the image is for %s and %s was asked for: choose another --platform, or leave it out", have, p)
}

// matches compares as far as is asked: without a variant, any will do.
func (p platform) matches(have image.Platform) bool {
	return p.OS == have.OS && p.Architecture == have.Architecture &&
		(p.Variant == "" || variant(p.Architecture, p.Variant) == variant(have.Architecture, have.Variant))
}

// variant gives the two that go without saying as empty, as containerd does.
func variant(arch, v string) string {
	if arch == "arm64" && v == "v8" || arch == "amd64" && v == "v1" {
		return ""
	}
	return v
}

// better says whether a is to be preferred to b, both matching: the plain one,
// then the newest variant.
func better(a, b image.Platform) bool {
	va, vb := variant(a.Architecture, a.Variant), variant(b.Architecture, b.Variant)
	if va == "" || vb == "" {
		return va == "" && vb != ""
	}
	return va > vb
}

func ociPlatform(p *v1.Platform) image.Platform {
	if p == nil {
		return image.Platform{}
	}
	return image.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}
}
