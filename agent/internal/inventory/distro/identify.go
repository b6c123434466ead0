package distro

import (
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// Identify fills Ecosystem and PURL of a distro package from the image's
// distro, which is nil if the image does not name one.
//
// A package of another kind than the distro's own (an rpm on Debian) gets no
// ecosystem: the distro's advisories say nothing about it.
//
// The package URL has the vendor as its namespace, and the qualifiers that
// other scanners write and read: arch, distro (ID-VERSION), epoch and rpmmod
// for rpm, and upstream for the source package: a name, NAME@VERSION where its
// version differs, or for rpm its file.
func Identify(p *inventory.Package, d *image.Distro) {
	namespace := ""
	qualifiers := map[string]string{"arch": p.Arch, "upstream": upstream(p)}
	if d != nil {
		f, known := families[strings.ToLower(d.ID)]
		switch {
		case !known:
			namespace = strings.ToLower(d.ID)
		case f.packages == p.Type:
			namespace = f.namespace
			p.Ecosystem = d.Ecosystem
		}
		qualifiers["distro"] = d.ID
		if d.Version != "" {
			qualifiers["distro"] += "-" + d.Version
		}
	}
	version := p.Version
	if p.Type == "rpm" {
		if epoch, rest, ok := strings.Cut(version, ":"); ok {
			qualifiers["epoch"], version = epoch, rest
		}
		qualifiers["rpmmod"] = p.Module
	}
	for key, value := range qualifiers {
		if value == "" {
			delete(qualifiers, key)
		}
	}
	p.PURL = packageurl.NewPackageURL(p.Type, namespace, p.Name, version, packageurl.QualifiersFromMap(qualifiers), "").ToString()
}

// upstream is the source package, if it is another than the package itself.
func upstream(p *inventory.Package) string {
	if p.Type == "rpm" && p.SourceName != "" {
		version := p.SourceVer
		if _, rest, ok := strings.Cut(version, ":"); ok {
			version = rest
		}
		return p.SourceName + "-" + version + ".src.rpm"
	}
	switch {
	case p.SourceName == "" || p.SourceName == p.Name && p.SourceVer == p.Version:
		return ""
	case p.SourceVer == p.Version:
		return p.SourceName
	}
	return p.SourceName + "@" + p.SourceVer
}
