package report

import (
	"cmp"
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// imageComponent is what the document is about.
func (b cdxBill) imageComponent() *cdx.Component {
	c := &cdx.Component{
		BOMRef: cdxImage, Type: cdx.ComponentTypeContainer,
		Name: b.image.name, Version: b.image.version, PackageURL: b.image.purl,
		Properties: b.imageProperties().list(),
	}
	if digest, ok := strings.CutPrefix(b.Image.Digest, "sha256:"); ok && sha256Digest.MatchString(b.Image.Digest) {
		c.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: digest}}
	}
	return c
}

func (b cdxBill) imageProperties() cdxProperties {
	var p cdxProperties
	img := b.Image
	p.add("image:id", img.ID)
	p.add("image:digest", img.Digest)
	p.add("image:source", img.Source)
	p.add("image:platform", platform(img.Platform))
	p.addTime("image:created", img.Created)
	for _, tag := range img.Tags {
		p.add("image:tag", tag)
	}
	for _, label := range labelLines(img.Labels) {
		p.add("image:label", label)
	}
	for _, l := range b.Layers {
		p.add("image:layer", layerLine(l))
	}
	for _, gone := range b.Removed {
		p.add("image:removed", removedLine(gone))
	}
	return p
}

// operatingSystem is the distro. It is no package.
func (b cdxBill) operatingSystem() cdx.Component {
	var p cdxProperties
	p.add("distro:codename", b.Distro.Codename)
	p.add("distro:endOfLife", b.Distro.EndOfLife)
	return cdx.Component{
		BOMRef: cdxOS, Type: cdx.ComponentTypeOS,
		Name: cutField(cmp.Or(b.Distro.ID, "unknown")), Version: cutField(b.Distro.Version), Description: cutField(b.Distro.Name),
		Properties: p.list(),
	}
}

// component is one installed package. Its type is what the specification
// recommends where nobody knows better.
func (b cdxBill) component(i int) cdx.Component {
	pkg := b.Packages[i]
	c := cdx.Component{BOMRef: b.ids[i], Type: cdx.ComponentTypeLibrary, Name: cutField(pkg.Name), Version: cutField(pkg.Version)}
	if validPURL(pkg.PURL) {
		c.PackageURL = pkg.PURL
	}
	if pkg.Path != "" {
		c.Evidence = &cdx.Evidence{Occurrences: &[]cdx.EvidenceOccurrence{{Location: cutField(pkg.Path)}}}
	}
	p := b.layerProperties(pkg.Layer)
	if pkg.FirstLayer != pkg.Layer {
		p.add("firstLayer", strconv.Itoa(pkg.FirstLayer))
	}
	// The source package is what a distro's advisories name. GitLab and Trivy
	// look for it under these names, in any document.
	source, version, _ := strings.Cut(pkg.Source, "@")
	p.set("aquasecurity:trivy:SrcName", source)
	if source != "" {
		p.set("aquasecurity:trivy:SrcVersion", cmp.Or(version, pkg.Version))
	}
	p.add("ownedBy", pkg.OwnedBy)
	c.Properties = p.list()
	return c
}

// maxInstruction is how many bytes of an instruction are repeated at each
// package. More of it is at the image.
const maxInstruction = 120

// layerProperties names a layer by all that it is known by.
func (b cdxBill) layerProperties(index int) cdxProperties {
	var p cdxProperties
	l, ok := layerAt(b.Result, index)
	if !ok {
		return nil
	}
	p.add("layer:index", strconv.Itoa(l.Index))
	p.add("layer:diffId", l.DiffID)
	p.add("layer:digest", l.Digest)
	p.add("layer:origin", string(l.Origin))
	p.add("layer:instruction", cutText(instruction(l), maxInstruction))
	return p
}
