package match

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/inventory"
)

// ecosystem is how one ecosystem's packages are asked for and compared.
type ecosystem struct {
	order  order
	source bool // its advisories name source packages
	either bool // some name binary packages, some only the source of all of them
}

// ecosystems are all that can be matched, by OSV's names without a release.
//
// Debian's family and Alpine's publish by source package (Alpine's "origin"),
// and so do Azure Linux, SUSE, openEuler and Mageia, who name the spec
// file. The rest of the rpm family publishes what its errata rebuilt, which is
// binary packages: of AlmaLinux's and Rocky's own records each names all
// binaries ("openssl", "openssl-libs", "openssl-perl"), with versions that
// may differ from their source's. Red Hat does so too where there is a fix;
// where there is none it often names the source alone. Photon OS once named the
// spec file, and now names each binary.
var ecosystems = map[string]ecosystem{
	"Debian": {order: debianOrder, source: true},
	"Ubuntu": {order: debianOrder, source: true},

	"Alpine":     {order: alpineOrder, source: true},
	"Chainguard": {order: alpineOrder, source: true},
	"MinimOS":    {order: alpineOrder, source: true},
	"Wolfi":      {order: alpineOrder, source: true},

	"AlmaLinux":    {order: rpmOrder},
	"Amazon Linux": {order: rpmOrder},
	"Azure Linux":  {order: rpmOrder, source: true},
	"Mageia":       {order: rpmOrder, source: true},
	"openEuler":    {order: rpmOrder, source: true},
	"openSUSE":     {order: rpmOrder, source: true},
	"Oracle Linux": {order: rpmOrder},
	"Photon OS":    {order: rpmOrder, either: true},
	"Red Hat":      {order: rpmOrder, either: true},
	"Rocky Linux":  {order: rpmOrder},
	"SUSE":         {order: rpmOrder, source: true},

	"Bitnami":   {order: bitnamiOrder},
	"crates.io": {order: semverOrder},
	"Go":        {order: goOrder},
	"Hex":       {order: semverOrder},
	"Maven":     {order: mavenOrder},
	"npm":       {order: semverOrder},
	"NuGet":     {order: nugetOrder},
	"Packagist": {order: packagistOrder},
	"PyPI":      {order: pypiOrder},
	"RubyGems":  {order: gemOrder},
}

// ecosystemOf finds an ecosystem by OSV's name, with or without a release.
func ecosystemOf(osv string) (ecosystem, bool) {
	base, _, _ := strings.Cut(osv, ":")
	e, ok := ecosystems[base]
	return e, ok
}

// named is what the index calls a package, and the version that goes with it.
type named struct{ name, version string }

// names are what e's advisories may call p, the nearest first.
func (e ecosystem) names(p *inventory.Package) []named {
	list := []named{e.name(p)}
	if e.either && p.SourceName != "" && p.SourceName != p.Name {
		list = append(list, ofSource(p))
	}
	return list
}

// name is what e's advisories call p. A source package without a version of
// its own has its binary's.
func (e ecosystem) name(p *inventory.Package) named {
	if !e.source || p.SourceName == "" {
		return named{p.Name, p.Version}
	}
	if kernel, ok := signedKernel(p); ok {
		return named{kernel, p.Version}
	}
	return ofSource(p)
}

// ofSource is p's source package. An rpm knows it by a file name, which has no
// epoch; the binary's own version does where the two are the same.
func ofSource(p *inventory.Package) named {
	if p.SourceVer == "" || strings.HasSuffix(p.Version, ":"+p.SourceVer) {
		return named{p.SourceName, p.Version}
	}
	return named{p.SourceName, p.SourceVer}
}

// signedKernel is the source that a signed kernel of Debian's or Ubuntu's was
// built from. Both sign in a source package of its own (linux-signed-amd64,
// linux-signed-6.1-amd64, linux-signed-aws), of which no advisory speaks; its
// binaries have the kernel's version.
func signedKernel(p *inventory.Package) (source string, ok bool) {
	rest, ok := strings.CutPrefix(p.SourceName, "linux-signed")
	if !ok || p.Type != "deb" || rest != "" && rest[0] != '-' {
		return "", false
	}
	if strings.HasPrefix(p.Ecosystem, "Debian:") {
		rest = rest[:max(strings.LastIndexByte(rest, '-'), 0)] // the architecture
	}
	return "linux" + rest, true
}
