package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/layergate/layergate/agent/internal/result"
)

// The ids of the document's own components.
const (
	cdxImage = "image"
	cdxOS    = "operating-system"
)

// writeCycloneDX writes a bill of materials with vulnerabilities, as
// CycloneDX 1.6 has it (https://cyclonedx.org/docs/1.6/json/). What it has no
// field for is in properties whose names begin with "layergate:".
func writeCycloneDX(w io.Writer, r *result.Result, _ Options) error {
	b, err := newBill(r)
	if err != nil {
		return err
	}
	doc := cdxBill{b}.document()
	var text bytes.Buffer
	if err := cdx.NewBOMEncoder(&text, cdx.BOMFileFormatJSON).SetEscapeHTML(false).Encode(doc); err != nil {
		return fmt.Errorf("writing CycloneDX: %w", err)
	}
	return writeLines(w, text.Bytes())
}

// cdxBill makes the parts of a CycloneDX document.
type cdxBill struct{ *bill }

func (b cdxBill) document() *cdx.BOM {
	components := make([]cdx.Component, 0, len(b.Packages)+1)
	needs := make([]string, 0, len(b.Packages)+1)
	if b.Distro != nil {
		components = append(components, b.operatingSystem())
		needs = append(needs, cdxOS)
	}
	for i := range b.Packages {
		components = append(components, b.component(i))
		needs = append(needs, b.ids[i])
	}
	vulnerabilities := b.vulnerabilities()
	doc := &cdx.BOM{
		JSONSchema:      "http://cyclonedx.org/schema/bom-1.6.schema.json",
		BOMFormat:       cdx.BOMFormat,
		SpecVersion:     cdx.SpecVersion1_6,
		SerialNumber:    "urn:uuid:" + b.uuid,
		Version:         1,
		Metadata:        b.metadata(),
		Components:      &components,
		Dependencies:    &[]cdx.Dependency{{Ref: cdxImage, Dependencies: &needs}},
		Compositions:    b.compositions(),
		Vulnerabilities: &vulnerabilities,
	}
	if said := b.shortfall(); said != "" {
		doc.Annotations = &[]cdx.Annotation{{
			Subjects:  &[]cdx.BOMReference{cdxImage},
			Annotator: &cdx.Annotator{Component: b.tool()},
			Timestamp: b.Created.UTC().Format(time.RFC3339),
			Text:      said,
		}}
	}
	return doc
}

// compositions says how complete the list of components is. "complete" would
// be a promise that no scan can make.
func (b cdxBill) compositions() *[]cdx.Composition {
	aggregate := cdx.CompositionAggregateUnknown
	if b.shortfall() != "" {
		aggregate = cdx.CompositionAggregateIncomplete
	}
	image := []cdx.BOMReference{cdxImage}
	return &[]cdx.Composition{{Aggregate: aggregate, Assemblies: &image, Dependencies: &image}}
}

func (b cdxBill) tool() *cdx.Component {
	return &cdx.Component{Type: cdx.ComponentTypeApplication, Name: cmp.Or(b.Tool.Name, "layergate"), Version: b.Tool.Version}
}

func (b cdxBill) metadata() *cdx.Metadata {
	return &cdx.Metadata{
		Timestamp:  b.Created.UTC().Format(time.RFC3339),
		Tools:      &cdx.ToolsChoice{Components: &[]cdx.Component{*b.tool()}},
		Component:  b.imageComponent(),
		Properties: b.scanProperties().list(),
	}
}

// scanProperties says what the document rests on. Those of GitLab make it take
// the document for a container scan's
// (https://docs.gitlab.com/development/sec/cyclonedx_property_taxonomy): it
// wants a name and a tag, and of the distro both properties or none.
func (b cdxBill) scanProperties() cdxProperties {
	var p cdxProperties
	if b.image.version != "" {
		p.set("gitlab:meta:schema_version", "1")
		p.set("gitlab:container_scanning:image:name", b.image.name)
		p.set("gitlab:container_scanning:image:tag", b.image.version)
		if d := b.Distro; d != nil && d.ID != "" && d.Version != "" {
			p.set("gitlab:container_scanning:operating_system:name", d.ID)
			p.set("gitlab:container_scanning:operating_system:version", d.Version)
		}
	}
	p.add("verdict", verdictWord(b.Verdict))
	for _, reason := range b.Verdict.Reasons {
		p.add("verdict:reason", reason)
	}
	p.add("policy", b.Policy.Location)
	p.add("policy:digest", b.Policy.Digest)
	p.add("policy:rule", b.Policy.Rule)
	p.add("database:digest", b.Database.Digest)
	p.addTime("database:newest", b.Database.Newest)
	p.add("failed", b.Failed)
	for _, g := range b.Incomplete {
		p.add("gap", b.gapLine(g))
	}
	return p
}

// cdxProperties is what CycloneDX has no field for, in order.
type cdxProperties []cdx.Property

// set adds a property of another's taxonomy; one without a value says nothing.
func (p *cdxProperties) set(name, value string) {
	if value != "" {
		*p = append(*p, cdx.Property{Name: name, Value: cutField(value)})
	}
}

// add adds one of ours.
func (p *cdxProperties) add(name, value string) { p.set("layergate:"+name, value) }

func (p *cdxProperties) addTime(name string, t time.Time) {
	if !t.IsZero() {
		p.add(name, t.UTC().Format(time.RFC3339))
	}
}

// list is as the library wants it.
func (p cdxProperties) list() *[]cdx.Property {
	if len(p) == 0 {
		return nil
	}
	return (*[]cdx.Property)(&p)
}
