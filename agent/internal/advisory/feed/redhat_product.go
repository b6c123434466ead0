package feed

import (
	"strings"

	"github.com/package-url/packageurl-go"
)

// productTree resolves what a document calls its products.
type productTree struct {
	helpers map[string]csafHelper
	pairs   map[string]csafRelationship
}

func newProductTree(doc *csafDocument) productTree {
	t := productTree{
		helpers: make(map[string]csafHelper),
		pairs:   make(map[string]csafRelationship, len(doc.Tree.Relationships)),
	}
	t.add(doc.Tree.Branches)
	for _, r := range doc.Tree.Relationships {
		t.pairs[r.Full.ID] = r
	}
	return t
}

func (t productTree) add(branches []csafBranch) {
	for i := range branches {
		b := &branches[i]
		if b.Product.ID != "" {
			t.helpers[b.Product.ID] = b.Product.Helper
		}
		t.add(b.Branches) // as deep as encoding/json allows
	}
}

// redhatPackage is a package of a release, in a module or not.
type redhatPackage struct {
	release string // the major one: "9"
	name    string
	module  string // name:stream
	source  bool
}

// redhatProduct is one product of a document that is a package of Red Hat
// Enterprise Linux.
type redhatProduct struct {
	redhatPackage
	version string // epoch:version-release; empty for a package that is not fixed
	whole   bool   // a module, named by its chief package
	els     bool   // of the release's extended life cycle
}

// product resolves an id. reason says why it is left out, if it is.
func (t productTree) product(id string) (p redhatProduct, reason string) {
	pair, ok := t.pairs[id]
	if !ok {
		if t.helpers[id].CPE != "" {
			return p, "not a package" // a product as a whole: "Text-Only JBCS"
		}
		return p, "bad record: a product that is not in the tree"
	}
	of := t.helpers[pair.Product]
	if outer, ok := t.pairs[pair.Product]; ok { // a package in a module in a release
		_, p.module = modulePURL(t.helpers[outer.Component].PURL)
		of = t.helpers[outer.Product]
	}
	var stream redhatStream
	p.release, stream = redhatRelease(of.CPE)
	switch stream {
	case otherProduct:
		return p, "not Red Hat Enterprise Linux"
	case extendedStream:
		return p, "a stream of its own (EUS, AUS, TUS, E4S, extras)"
	}
	p.els = stream == extendedLife
	reason = p.component(t.helpers[pair.Component].PURL)
	return p, reason
}

// redhatStream is what of a product a CPE stands for.
type redhatStream uint8

const (
	otherProduct redhatStream = iota
	mainStream
	extendedLife
	extendedStream
)

// redhatRelease takes a CPE apart: cpe:/o:redhat:enterprise_linux:9::baseos,
// cpe:/a:redhat:rhel_eus:9.2::appstream, cpe:/o:redhat:enterprise_linux:10.1
// (https://redhatproductsecurity.github.io/security-data-guidelines/cpe/).
// Neither the part (o, a) nor the channel matters, nor the minor release,
// which RHEL 10's have: an image that is updated gets the newest.
//
// An image gets its packages from the main stream unless it is built on a
// host with a subscription for more: a minor release kept alive (EUS, E4S,
// AUS, TUS), the Extras channel of RHEL 7, or a release after its end of
// maintenance (ELS).
func redhatRelease(cpe string) (major string, s redhatStream) {
	parts := strings.SplitN(cpe, ":", 6)
	if len(parts) < 5 || parts[0] != "cpe" || parts[2] != "redhat" {
		return "", otherProduct
	}
	major, _, _ = strings.Cut(parts[4], ".")
	if major == "" || len(major) > 3 || strings.Trim(major, "0123456789") != "" {
		return "", otherProduct
	}
	if parts[3] == "enterprise_linux" {
		return major, mainStream
	}
	add, ok := strings.CutPrefix(parts[3], "rhel_")
	if !ok {
		add, ok = strings.CutPrefix(parts[3], "enterprise_linux_")
	}
	switch {
	case !ok:
		return "", otherProduct
	case add == "els":
		return major, extendedLife
	}
	add, _, _ = strings.Cut(add, "_") // rhel_eus_long_life, rhel_extras_sap_hana
	switch add {
	case "eus", "aus", "tus", "e4s", "mission", "extras":
		return major, extendedStream
	}
	return "", otherProduct
}

// component reads a purl
// (https://redhatproductsecurity.github.io/security-data-guidelines/purl/):
//
//	pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64&epoch=1
//	pkg:rpm/redhat/ruby@2.5.9-111.module%2Bel8.9.0%2B19193?arch=src&rpmmod=ruby:2.5:8090020230627084142:b46abd14
//	pkg:rpm/redhat/libcurl                    in whatever version, not fixed
//	pkg:rpmmod/redhat/ruby:2.6/ruby           the same in a module, before 2024
//	pkg:rpmmod/redhat/ruby@2.5:8090…:b46abd14 a module
func (p *redhatProduct) component(text string) (reason string) {
	if text == "" {
		return "bad record: a component without a purl"
	}
	if strings.HasPrefix(text, "pkg:rpmmod/") {
		if p.name, p.module = modulePURL(text); p.module == "" {
			return "bad record: a module without a stream"
		}
		p.whole = strings.Contains(text, "@")
		return ""
	}
	if !strings.HasPrefix(text, "pkg:rpm/redhat/") {
		return "not an rpm package of Red Hat's"
	}
	purl, err := packageurl.FromString(text)
	if err != nil || !fits(purl.Name) {
		return "bad record: purl"
	}
	p.name, p.version = purl.Name, purl.Version
	for _, q := range purl.Qualifiers {
		switch q.Key {
		case "arch":
			p.source = q.Value == "src"
		case "epoch":
			if q.Value != "0" && purl.Version != "" {
				p.version = q.Value + ":" + purl.Version
			}
		case "rpmmod":
			if p.module = moduleStream(q.Value); p.module == "" {
				return "bad record: a module without a stream"
			}
		}
	}
	if p.version != "" && !fits(p.version) {
		return "bad record: purl"
	}
	return ""
}

// modulePURL reads a purl of the type rpmmod, in one of its two forms.
func modulePURL(text string) (name, module string) {
	purl, err := packageurl.FromString(text)
	if err != nil || purl.Type != "rpmmod" || !fits(purl.Name) {
		return "", ""
	}
	if inner, ok := strings.CutPrefix(purl.Namespace, "redhat/"); ok {
		return purl.Name, moduleStream(inner)
	}
	return purl.Name, moduleStream(purl.Name + ":" + purl.Version)
}

// moduleStream cuts a module's label down to name:stream; it is empty where
// there is no stream.
func moduleStream(label string) string {
	parts := strings.SplitN(label, ":", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" || !fits(label) {
		return ""
	}
	return parts[0] + ":" + parts[1]
}
