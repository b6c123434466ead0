package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
)

// TestLongInstructions: history may have megabytes. They are said at every
// finding, so they are cut first: a report takes no more for them.
func TestLongInstructions(t *testing.T) {
	r := crowded()
	for i := range r.Layers {
		r.Layers[i].Instruction = "RUN " + strings.Repeat("x y", 1<<20)
	}
	for range 6 {
		r.Findings = append(r.Findings, r.Findings...)
	}
	for _, f := range r.Findings {
		if said := solution(r, &f); len(said) > 2*maxText {
			t.Fatalf("%d bytes", len(said))
		}
	}
	said := instruction(r.Layers[0])
	if !strings.HasPrefix(said, "RUN x yx y") || !strings.HasSuffix(said, fmt.Sprintf("…[%d more bytes]", 3<<20+4-maxField)) {
		t.Errorf("the instruction is %s", said)
	}
}

// TestManyCopies: tens of thousands of packages that may be one, alike or not,
// are put together without comparing each with each.
func TestManyCopies(t *testing.T) {
	const n = 100_000
	r := clean()
	for i := range n {
		copied := finding.Package{Name: "x", Version: "1", Type: "npm", FirstLayer: 3}
		r.Findings = append(r.Findings, vuln(copied, 3, "CVE-2021-1", finding.High, "2", finding.Block, "high", fmt.Sprintf("app/%06d/package.json", n-i)))
		built := finding.Package{Name: fmt.Sprint("lib", i), Version: "1", Type: "deb", Source: "x"}
		r.Findings = append(r.Findings, vuln(built, 0, fmt.Sprint("CVE-2021-", i), finding.Low, "", finding.Alert, "low", ""))
	}
	groups := groupsByLayer(r)
	if g := groups[3]; len(g) != 1 || g[0].packages != n || len(g[0].paths) != n || g[0].paths[0] != "app/000001/package.json" {
		t.Errorf("%d groups of copies", len(g))
	}
	if len(groups[0]) != n {
		t.Errorf("%d groups of packages with findings of their own", len(groups[0]))
	}
}
