package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// cycloneDXSchema is the official schema, which comes with the library's
// module.
func cycloneDXSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	folder := filepath.Join(moduleFolder(t, "github.com/CycloneDX/cyclonedx-go"), "schema")
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.UseLoader(schemaFolder(folder))
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// schemaFolder serves schemas by the last part of their address.
type schemaFolder string

func (f schemaFolder) Load(address string) (any, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	name := strings.Replace(filepath.Base(u.Path), "jsf-0.82.schema.json", "jsf-0.82.schemax.json", 1)
	file, err := os.Open(filepath.Join(string(f), name))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return jsonschema.UnmarshalJSON(file)
}

func TestCycloneDXKeepsTheSchema(t *testing.T) {
	schema := cycloneDXSchema(t)
	check := func(in io.Reader) error {
		doc, err := jsonschema.UnmarshalJSON(in)
		if err != nil {
			return err
		}
		return schema.Validate(doc)
	}
	for _, file := range everyBill(t, "cyclonedx") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := check(bytes.NewReader(text)); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
	}
	for _, wrong := range []string{`{"bomFormat": "CycloneDX"}`, `{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"timestamp": "yesterday"}}`} {
		if check(strings.NewReader(wrong)) == nil {
			t.Errorf("the check takes %s", wrong)
		}
	}
}

func readCycloneDX(t *testing.T, report []byte) *cdx.BOM {
	t.Helper()
	bom := new(cdx.BOM)
	if err := cdx.NewBOMDecoder(bytes.NewReader(report), cdx.BOMFileFormatJSON).Decode(bom); err != nil {
		t.Fatal(err)
	}
	return bom
}

func harmlessCycloneDX(t *testing.T, report []byte, _ Options, s string) {
	onlyVisible(t, report)
	bom := readCycloneDX(t, report)
	checkCycloneDX(t, hostileResult(s), bom)
	for _, c := range *bom.Components {
		if c.PackageURL != "" && c.PackageURL == s {
			t.Errorf("%q is no package URL", s)
		}
	}
}

// onlyVisible fails for a document with characters that people cannot see.
func onlyVisible(t *testing.T, report []byte) {
	t.Helper()
	if !json.Valid(report) {
		t.Error("it is not JSON")
	}
	for i, r := range string(report) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U at byte %d: JSON is printed on terminals too", r, i)
		}
	}
}

// checkCycloneDX checks what no schema can: that everything is there, that
// every id is unique, and that every reference leads somewhere.
func checkCycloneDX(t *testing.T, r *result.Result, bom *cdx.BOM) {
	t.Helper()
	distros := 0
	if r.Distro != nil {
		distros = 1
	}
	if got, want := len(*bom.Components), len(r.Packages)+distros; got != want {
		t.Errorf("%d components, want %d", got, want)
	}
	if got, want := len(*bom.Vulnerabilities), len(r.Findings); got != want {
		t.Errorf("%d vulnerabilities, want %d", got, want)
	}
	components := map[string]bool{bom.Metadata.Component.BOMRef: true}
	for _, c := range *bom.Components {
		if c.BOMRef == "" || components[c.BOMRef] {
			t.Errorf("the id %q is empty or comes twice", c.BOMRef)
		}
		components[c.BOMRef] = true
	}
	findings := make(map[string]bool)
	for _, v := range *bom.Vulnerabilities {
		if findings[v.BOMRef] || components[v.BOMRef] {
			t.Errorf("the id %q comes twice", v.BOMRef)
		}
		findings[v.BOMRef] = true
		for _, a := range *v.Affects {
			if !components[a.Ref] {
				t.Errorf("%s affects %q, which is not there", v.ID, a.Ref)
			}
		}
	}
	needs := *(*bom.Dependencies)[0].Dependencies
	if len(needs) != len(*bom.Components) {
		t.Errorf("the image needs %d components of %d", len(needs), len(*bom.Components))
	}
	for _, ref := range needs {
		if !components[ref] {
			t.Errorf("the image needs %q, which is not there", ref)
		}
	}
}

func TestCycloneDXIsWhole(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "clean": clean(), "broken": broken(), "crowded": crowded()} {
		t.Run(name, func(t *testing.T) { checkCycloneDX(t, r, readCycloneDX(t, render(t, "cyclonedx", r, Options{}))) })
	}
}

// TestCycloneDXAffects: a finding leads to its package, and to the image where
// the inventory does not have one.
func TestCycloneDXAffects(t *testing.T) {
	r := crowded()
	bom := readCycloneDX(t, render(t, "cyclonedx", r, Options{}))
	names := map[string]string{"image": ""}
	for _, c := range *bom.Components {
		names[c.BOMRef] = c.Name
	}
	listed := make(map[string]bool)
	for _, p := range r.Packages {
		listed[p.Name] = true
	}
	for i, v := range *bom.Vulnerabilities {
		f := &r.Findings[i]
		want := ""
		if f.Package != nil && listed[f.Package.Name] {
			want = f.Package.Name
		}
		if got := names[(*v.Affects)[0].Ref]; v.ID != f.ID || got != want {
			t.Errorf("%s affects %q, want %q", v.ID, got, want)
		}
		if path := valuesOf(v.Properties, "layergate:path"); want == "" && f.Path != "" && !slices.Equal(path, []string{f.Path}) {
			t.Errorf("%s is in %q, want %q", v.ID, path, f.Path)
		}
	}
}

func TestCycloneDXSaysWhatIsMissing(t *testing.T) {
	failed := &result.Result{Failed: "no such image", Verdict: result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}}
	for _, c := range []struct {
		name      string
		result    *result.Result
		aggregate cdx.CompositionAggregate
		gaps      int
	}{
		{"clean", clean(), cdx.CompositionAggregateUnknown, 0},
		{"broken", broken(), cdx.CompositionAggregateIncomplete, 16},
		{"failed", failed, cdx.CompositionAggregateIncomplete, 0},
	} {
		bom := readCycloneDX(t, render(t, "cyclonedx", c.result, Options{}))
		for _, composition := range *bom.Compositions {
			if composition.Aggregate != c.aggregate {
				t.Errorf("%s: the components are %s, want %s", c.name, composition.Aggregate, c.aggregate)
			}
		}
		if said := bom.Annotations != nil && strings.HasPrefix((*bom.Annotations)[0].Text, "INCOMPLETE: "); said != (c.aggregate == cdx.CompositionAggregateIncomplete) {
			t.Errorf("%s: annotated as incomplete: %t", c.name, said)
		}
		if got := len(valuesOf(bom.Metadata.Properties, "layergate:gap")); got != c.gaps {
			t.Errorf("%s: %d gaps, want %d", c.name, got, c.gaps)
		}
	}
}

func valuesOf(properties *[]cdx.Property, name string) []string {
	var values []string
	for _, p := range *properties {
		if p.Name == name {
			values = append(values, p.Value)
		}
	}
	return values
}

// TestCycloneDXStates: a rule's verdict is no analysis, and an exception's
// reason is words, not a state.
func TestCycloneDXStates(t *testing.T) {
	bom := readCycloneDX(t, render(t, "cyclonedx", shop(), Options{}))
	got := make(map[string]string)
	for _, v := range *bom.Vulnerabilities {
		var response []cdx.ImpactAnalysisResponse
		if v.Analysis.Response != nil {
			response = *v.Analysis.Response
		}
		got[v.ID] = fmt.Sprintf("%s %v %s", v.Analysis.State, response, v.Analysis.Detail)
	}
	want := map[string]string{
		"CVE-2023-4911":  "in_triage [update] ",
		"CVE-2010-4756":  "in_triage [] ",
		"CVE-2023-45853": "in_triage [will_not_fix] ",
		"CVE-2023-28319": " [update] exception by payments until 2027-01-01: not reachable",
		"CVE-2021-44228": "in_triage [update] ",
		"CVE-2021-45046": "in_triage [update] ",
		"CVE-2021-45105": "in_triage [update] ",
		"aws-access-key": "in_triage [] ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestCycloneDXRemoved: what is gone is named, but is no component.
func TestCycloneDXRemoved(t *testing.T) {
	bom := readCycloneDX(t, render(t, "cyclonedx", withRemoved(), Options{}))
	want := []string{"pkg:npm/left-pad@1.0.0, brought in by layer 3, removed or replaced by layer 5"}
	if diff := cmp.Diff(want, valuesOf(bom.Metadata.Component.Properties, "layergate:image:removed")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if slices.ContainsFunc(*bom.Components, func(c cdx.Component) bool { return c.Name == "left-pad" }) {
		t.Error("a removed package is a component")
	}
}

func TestCycloneDXMethods(t *testing.T) {
	for _, c := range []struct {
		method, vector string
		want           cdx.ScoringMethod
	}{
		{"CVSS_V4", "CVSS:4.0/AV:N", cdx.ScoringMethodCVSSv4},
		{"CVSS_V3", "CVSS:3.1/AV:N", cdx.ScoringMethodCVSSv31},
		{"CVSS_V3", "CVSS:3.0/AV:N", cdx.ScoringMethodCVSSv3},
		{"CVSS_V2", "AV:N/AC:L", cdx.ScoringMethodCVSSv2},
		{"distro", "", cdx.ScoringMethodOther},
	} {
		if got := cdxMethod(finding.Rating{Method: c.method, Vector: c.vector}); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.method, c.vector, got, c.want)
		}
	}
}

// TestCycloneDXForGitLab: GitLab takes a bill for a container scan's if the
// name and the tag are there, and the distro's name and version both or
// neither; of a package it reads the source package.
func TestCycloneDXForGitLab(t *testing.T) {
	rolling := shop()
	rolling.Distro.Version = ""
	for _, c := range []struct {
		result *result.Result
		want   []string
	}{
		{shop(), []string{
			"gitlab:meta:schema_version=1",
			"gitlab:container_scanning:image:name=registry.example.com/shop/web",
			"gitlab:container_scanning:image:tag=1.2",
			"gitlab:container_scanning:operating_system:name=debian",
			"gitlab:container_scanning:operating_system:version=12",
		}},
		{rolling, []string{
			"gitlab:meta:schema_version=1",
			"gitlab:container_scanning:image:name=registry.example.com/shop/web",
			"gitlab:container_scanning:image:tag=1.2",
		}},
		{&result.Result{Verdict: result.Verdict{Action: finding.Pass}}, nil},
	} {
		var got []string
		for _, p := range *readCycloneDX(t, render(t, "cyclonedx", c.result, Options{})).Metadata.Properties {
			if strings.HasPrefix(p.Name, "gitlab:") {
				got = append(got, p.Name+"="+p.Value)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	for _, c := range *readCycloneDX(t, render(t, "cyclonedx", shop(), Options{})).Components {
		if c.Name == "zlib1g" && !slices.Equal(valuesOf(c.Properties, "aquasecurity:trivy:SrcName"), []string{"zlib"}) {
			t.Errorf("the source package of zlib1g is not zlib: %v", c.Properties)
		}
	}
}

// TestCycloneDXTimes: a time zone may lead out of the years that there are.
func TestCycloneDXTimes(t *testing.T) {
	for in, want := range map[string]string{
		"2021-12-10T01:00:00+02:00": "2021-12-09T23:00:00Z",
		"9999-12-31T23:59:59-14:00": "",
		"0000-01-01T00:00:00+14:00": "",
	} {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := cdxTime(at); got != want {
			t.Errorf("%s is written as %q, want %q", in, got, want)
		}
	}
}
