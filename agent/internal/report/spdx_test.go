package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	spdxjson "github.com/spdx/tools-golang/json"
	spdx "github.com/spdx/tools-golang/spdx/v2/v2_3"

	"github.com/layergate/layergate/agent/internal/result"
)

// validateSPDX is what the official tool checks, for all files in one start.
const validateSPDX = `
import sys
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
wrong = 0
for name in sys.argv[1:]:
    try:
        messages = [m.validation_message for m in validate_full_spdx_document(parse_file(name))]
    except Exception as e:
        messages = [repr(e) + " " + repr(getattr(e, "get_messages", list)())]
    for m in messages[:3]:
        wrong = 1
        print(name.split("/")[-1] + ":", m[:300])
sys.exit(wrong)
`

// spdxTools is a Python that has the package spdx-tools.
func spdxTools(t *testing.T) string {
	t.Helper()
	python, err := filepath.Abs("../../../.ci/tools/venv/bin/python")
	if err == nil {
		err = exec.Command(python, "-c", "import spdx_tools").Run()
	}
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("spdx-tools is missing: %v", err)
	}
	if err != nil {
		t.Skip("spdx-tools is missing: make install-deps")
	}
	return python
}

func TestSPDXKeepsTheSpecification(t *testing.T) {
	python := spdxTools(t)
	files := everyBill(t, "spdx")
	out, err := exec.Command(python, append([]string{"-c", validateSPDX}, files...)...).CombinedOutput()
	if err != nil {
		t.Errorf("%v:\n%s", err, out)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.spdx.json")
	text := bytes.Replace(render(t, "spdx", shop(), Options{}), []byte(`"SPDXID": "SPDXRef-Image"`), []byte(`"SPDXID": "SPDXRef-a_b"`), 1)
	if err := os.WriteFile(wrong, text, 0o644); err != nil {
		t.Fatal(err)
	}
	if exec.Command(python, "-c", validateSPDX, wrong).Run() == nil {
		t.Error("the check takes a wrong document")
	}
}

func readSPDX(t *testing.T, report []byte) *spdx.Document {
	t.Helper()
	d := new(spdx.Document)
	if err := spdxjson.ReadInto(bytes.NewReader(report), d); err != nil {
		t.Fatal(err)
	}
	return d
}

func harmlessSPDX(t *testing.T, report []byte, _ Options, s string) {
	onlyVisible(t, report)
	checkSPDX(t, hostileResult(s), readSPDX(t, report))
}

// checkSPDX checks that every package and finding is there, and that each
// package is contained in the image.
func checkSPDX(t *testing.T, r *result.Result, d *spdx.Document) {
	t.Helper()
	own := 1
	if r.Distro != nil {
		own++
	}
	if got, want := len(d.Packages), len(r.Packages)+own; got != want {
		t.Errorf("%d packages, want %d", got, want)
	}
	contained := make(map[string]bool)
	for _, rel := range d.Relationships {
		if rel.Relationship == "CONTAINS" && rel.RefA.ElementRefID == spdxImage {
			contained[string(rel.RefB.ElementRefID)] = true
		}
	}
	seen := make(map[string]bool)
	found := 0
	for _, p := range d.Packages {
		id := string(p.PackageSPDXIdentifier)
		if seen[id] || !regexp.MustCompile(`^[A-Za-z0-9.-]+$`).MatchString(id) {
			t.Errorf("the id %q comes twice or has characters that are not allowed", id)
		}
		seen[id] = true
		if p.PackageSPDXIdentifier != spdxImage && !contained[id] {
			t.Errorf("%s is not in the image", id)
		}
		for _, ref := range p.PackageExternalReferences {
			if ref.Category != "SECURITY" {
				continue
			}
			if found++; !strings.Contains(ref.ExternalRefComment, " in "+p.PackageName) {
				t.Errorf("%s has a finding of another: %s", p.PackageName, ref.ExternalRefComment)
			}
		}
		for _, a := range p.Annotations {
			if strings.HasPrefix(a.AnnotationComment, "found: ") {
				found++
			}
		}
	}
	if found != len(r.Findings) {
		t.Errorf("%d findings, want %d", found, len(r.Findings))
	}
}

func TestSPDXIsWhole(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "clean": clean(), "broken": broken(), "crowded": crowded()} {
		t.Run(name, func(t *testing.T) { checkSPDX(t, r, readSPDX(t, render(t, "spdx", r, Options{}))) })
	}
}

func TestSPDXSaysWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		result *result.Result
		gaps   int
	}{"clean": {clean(), 0}, "broken": {broken(), 16}} {
		d := readSPDX(t, render(t, "spdx", c.result, Options{}))
		if said := strings.HasPrefix(d.DocumentComment, "INCOMPLETE: "); said != (c.gaps > 0) {
			t.Errorf("%s: the comment is %q", name, d.DocumentComment)
		}
		if len(d.Annotations) != c.gaps {
			t.Errorf("%s: %d annotations, want %d", name, len(d.Annotations), c.gaps)
		}
	}
}

// TestSPDXWords: the words that the specification's JSON schema allows, in its
// own spelling. The official tool takes others too.
func TestSPDXWords(t *testing.T) {
	purposes := []string{"CONTAINER", "OPERATING_SYSTEM", "LIBRARY"}
	categories := map[string]string{"purl": "PACKAGE-MANAGER", "advisory": "SECURITY"}
	for _, p := range readSPDX(t, render(t, "spdx", shop(), Options{})).Packages {
		if !slices.Contains(purposes, p.PrimaryPackagePurpose) {
			t.Errorf("%s: the purpose is %q", p.PackageName, p.PrimaryPackagePurpose)
		}
		for _, ref := range p.PackageExternalReferences {
			if ref.Category != categories[ref.RefType] {
				t.Errorf("%s: %q is of category %q", p.PackageName, ref.RefType, ref.Category)
			}
		}
		for _, a := range p.Annotations {
			if a.AnnotationType != "OTHER" {
				t.Errorf("%s: annotation of type %q", p.PackageName, a.AnnotationType)
			}
		}
	}
}

// TestSPDXRemoved: what is gone is named at the image, but is no package.
func TestSPDXRemoved(t *testing.T) {
	d := readSPDX(t, render(t, "spdx", withRemoved(), Options{}))
	named := 0
	for _, p := range d.Packages {
		if p.PackageName == "left-pad" {
			t.Error("a removed package is a package")
		}
		for _, a := range p.Annotations {
			if strings.HasPrefix(a.AnnotationComment, "removed: pkg:npm/left-pad@1.0.0, ") && p.PackageSPDXIdentifier == spdxImage {
				named++
			}
		}
	}
	if named != 1 {
		t.Errorf("it is named %d times", named)
	}
}
