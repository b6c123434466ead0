package report

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestShortfall: each sign that something is missing counts on its own.
func TestShortfall(t *testing.T) {
	for name, change := range map[string]func(*result.Result){
		"a gap":       func(r *result.Result) { r.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Layer: -1}} },
		"the verdict": func(r *result.Result) { r.Verdict.Incomplete = true },
		"the failure": func(r *result.Result) { r.Failed = "no such image" },
	} {
		r := clean()
		change(r)
		said := (&bill{Result: r}).shortfall()
		if !strings.HasPrefix(said, "INCOMPLETE: ") || !strings.Contains(said, r.Failed) {
			t.Errorf("%s: %q", name, said)
		}
	}
	if said := (&bill{Result: clean()}).shortfall(); said != "" {
		t.Errorf("nothing is missing: %q", said)
	}
}

// TestUUIDVersion: version 8 and the variant of RFC 9562, section 5.8.
func TestUUIDVersion(t *testing.T) {
	for _, r := range []*result.Result{shop(), clean(), broken(), crowded()} {
		if u, err := contentUUID(r); err != nil || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(u) {
			t.Errorf("%s, %v", u, err)
		}
	}
}

// TestCutBetweenCharacters: a cut leaves no part of a character.
func TestCutBetweenCharacters(t *testing.T) {
	for i := range 4 {
		if got := cutField(strings.Repeat("a", i) + strings.Repeat("\U0001f600", 1000)); !utf8.ValidString(got) {
			t.Errorf("after %d bytes: %q", i, got)
		}
	}
}

// TestFirstOfTwoPlaces: a finding that does not say where its package lies is
// the first one's.
func TestFirstOfTwoPlaces(t *testing.T) {
	p := result.Package{Type: "npm", Name: "a", Version: "1", PURL: "pkg:npm/a@1", Path: "x", Layer: 3}
	other := p
	other.Path = "y"
	b, err := newBill(&result.Result{Packages: []result.Package{p, other}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"": 0, "x": 0, "y": 1} {
		f := finding.Finding{Package: &finding.Package{PURL: p.PURL}, Path: path, Layer: 3}
		if i, ok := b.packageOf(&f); i != want || !ok {
			t.Errorf("%q: package %d, %v, want %d", path, i, ok, want)
		}
	}
}

// TestCycloneDXSources: who publishes an id: NVD a CVE, GitHub a GHSA; of others
// the finding says it. An alias that is the id itself is no other id.
func TestCycloneDXSources(t *testing.T) {
	f := finding.Finding{Kind: finding.Vulnerability, ID: "X-2024-1", Sources: []string{"Vendor X"}, Aliases: []string{"X-2024-1", "", "CVE-2024-1"}}
	for id, want := range map[string]string{"CVE-2024-1": "NVD", "GHSA-aaaa-bbbb-cccc": "GITHUB", "PYSEC-2024-1": "OSV", "X-2024-1": "Vendor X"} {
		if got := cdxSource(&f, id); got.Name != want {
			t.Errorf("%s is %s's, want %s", id, got.Name, want)
		}
	}
	b, err := newBill(&result.Result{Findings: []finding.Finding{f}})
	if err != nil {
		t.Fatal(err)
	}
	if others := *(cdxBill{b}).vulnerability(&f).References; len(others) != 1 || others[0].ID != "CVE-2024-1" {
		t.Errorf("other ids are %+v", others)
	}
}

// TestSPDXTool: section 6.8 wants "name-version"; without a version the name.
func TestSPDXTool(t *testing.T) {
	for version, want := range map[string]string{"v1.2.3": "layergate-v1.2.3", "": "layergate"} {
		if got := (spdxBill{&bill{Result: &result.Result{Tool: result.Tool{Version: version}}}}).tool(); got != want {
			t.Errorf("%q: %q, want %q", version, got, want)
		}
	}
}

// TestSPDXOwner: who installed a package is said where it is known.
func TestSPDXOwner(t *testing.T) {
	pkg := result.Package{Name: "a", Path: "x", OwnedBy: "libfoo"}
	if said := whereabouts(shop(), pkg); !strings.Contains(said, "installed by libfoo") {
		t.Errorf("%q", said)
	}
	pkg.OwnedBy = ""
	if said := whereabouts(shop(), pkg); strings.Contains(said, "installed by") {
		t.Errorf("%q", said)
	}
}
