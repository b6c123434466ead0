package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"

	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx/v2/common"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/layergate/layergate/agent/internal/result"
)

// The ids of the document's own elements.
const (
	spdxDocument = common.ElementID("DOCUMENT")
	spdxImage    = common.ElementID("Image")
	spdxOS       = common.ElementID("OperatingSystem")
)

const (
	noAssertion = "NOASSERTION"
	spdxTime    = "2006-01-02T15:04:05Z" // section 6.9: UTC, whole seconds
)

// writeSPDX writes a bill of materials, as SPDX 2.3 has it
// (https://spdx.github.io/spdx-spec/v2.3/). Its packages point to the web pages
// of their vulnerabilities, as the specification's annex K.1 shows; it has no
// field for more. What belongs to no package stands in annotations.
func writeSPDX(w io.Writer, r *result.Result, _ Options) error {
	b, err := newBill(r)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := spdxjson.Write(spdxBill{b}.document(), &text, spdxjson.EscapeHTML(false)); err != nil {
		return fmt.Errorf("writing SPDX: %w", err)
	}
	return writeLines(w, text.Bytes())
}

// spdxBill makes the parts of an SPDX document.
type spdxBill struct{ *bill }

func (b spdxBill) document() *spdx.Document {
	d := &spdx.Document{
		SPDXVersion:       spdx.Version,
		DataLicense:       spdx.DataLicense,
		SPDXIdentifier:    spdxDocument,
		DocumentName:      b.image.name,
		DocumentNamespace: "urn:uuid:" + b.uuid, // a URI that needs no server
		DocumentComment:   b.comment(),
		CreationInfo: &spdx.CreationInfo{
			Creators: []common.Creator{{CreatorType: "Tool", Creator: b.tool()}},
			Created:  b.Created.UTC().Format(spdxTime),
		},
		Packages:      []*spdx.Package{b.imagePackage()},
		Relationships: []*spdx.Relationship{newRelationship(spdxDocument, common.TypeRelationshipDescribe, spdxImage)},
	}
	contain := func(p *spdx.Package) {
		d.Packages = append(d.Packages, p)
		d.Relationships = append(d.Relationships, newRelationship(spdxImage, common.TypeRelationshipContains, p.PackageSPDXIdentifier))
	}
	if b.Distro != nil {
		contain(b.operatingSystem())
	}
	found := b.findingsByPackage()
	for i := range b.Packages {
		contain(b.packageOn(i, found[i]))
	}
	for _, g := range b.Incomplete {
		a := b.annotation("incomplete: " + b.gapLine(g))
		d.Annotations = append(d.Annotations, &a)
	}
	return d
}

// comment is what a reader must know before the list.
func (b spdxBill) comment() string {
	said := "verdict: " + verdictWord(b.Verdict)
	if lack := b.shortfall(); lack != "" {
		said = lack + "; " + said
	}
	for _, reason := range b.Verdict.Reasons {
		said += "; " + cutField(reason)
	}
	return said
}

// tool is a tool's name as section 6.8 wants it.
func (b spdxBill) tool() string {
	if b.Tool.Version == "" {
		return cmp.Or(b.Tool.Name, "layergate")
	}
	return cmp.Or(b.Tool.Name, "layergate") + "-" + b.Tool.Version
}

func (b spdxBill) annotation(text string) spdx.Annotation {
	return spdx.Annotation{
		Annotator:         common.Annotator{AnnotatorType: "Tool", Annotator: b.tool()},
		AnnotationDate:    b.Created.UTC().Format(spdxTime),
		AnnotationType:    "OTHER",
		AnnotationComment: text,
	}
}

func newRelationship(from common.ElementID, kind string, to common.ElementID) *spdx.Relationship {
	return &spdx.Relationship{
		RefA: common.DocElementID{ElementRefID: from}, Relationship: kind, RefB: common.DocElementID{ElementRefID: to},
	}
}
