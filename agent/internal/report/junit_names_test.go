package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/finding"
)

// TestJUnitOfNoLayer: a finding of no layer that can be named has a suite of its
// own, the last one, and is in no other.
func TestJUnitOfNoLayer(t *testing.T) {
	for _, layer := range []int{-1, 6, 99} {
		r := shop()
		r.Findings[6].Layer = layer
		suites := junitOf(t, r).Suites
		last := suites[len(suites)-1]
		if last.Name != noLayer || len(last.Cases) != 1 || !strings.HasPrefix(last.Cases[0].Name, r.Findings[6].ID) {
			t.Errorf("layer %d: the last suite is %q, with %d cases", layer, last.Name, len(last.Cases))
		}
	}
}

// TestJUnitLongNames: GitLab keeps 255 characters of a name.
func TestJUnitLongNames(t *testing.T) {
	p := finding.Package{Type: "npm", Name: strings.Repeat("n", 500), Version: "1"}
	f := vuln(p, 0, "CVE-1", finding.Low, "", finding.Alert, "low", "x")
	if n := utf8.RuneCountInString(caseName(&f)); n > 255 {
		t.Errorf("%d characters", n)
	}
}

// TestJUnitClass: the class is the image without its registry, whose host has a
// dot or a port in its name.
func TestJUnitClass(t *testing.T) {
	for name, want := range map[string]string{
		"registry.example.com/shop/web:1": "shop/web", "registry:5000/shop/web:1": "shop/web", "shop/web": "shop/web", "web": "web", "shop/web.ui": "shop/web_ui",
	} {
		r := clean()
		r.Image.Name = name
		if got := className(r, "layer 1: COPY a.b /"); got != want+".layer 1: COPY a\u2024b /" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
