package report

import (
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
)

// TestASCII: what is not ASCII is written as Go and C write it: four digits
// after \u, eight after \U.
func TestASCII(t *testing.T) {
	for in, want := range map[string]string{"é": `\u00e9`, "日": `\u65e5`, "\uffff": `\uffff`, "\U00010000": `\U00010000`, "😀": `\U0001f600`, "a…": "a..."} {
		if got := string(ascii([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestTextFacts: facts that only some findings have.
func TestTextFacts(t *testing.T) {
	of := func(change func(*finding.Finding)) string {
		r := shop()
		r.Findings = r.Findings[6:7]
		change(&r.Findings[0])
		return string(render(t, "text", r, Options{}))
	}
	for _, c := range []struct {
		change func(*finding.Finding)
		says   string
		want   bool
	}{
		{func(f *finding.Finding) { f.FixFirstSeen = false }, "(since 2021-12-10)", true},
		{func(f *finding.Finding) { f.FixFirstSeen = true }, "(first seen 2021-12-10)", true},
		{func(f *finding.Finding) { f.Package.Source = f.Package.Name }, "built from", false},
		{func(f *finding.Finding) { f.Package.Source = "apache-log4j2" }, "built from: apache-log4j2", true},
		{func(f *finding.Finding) { f.Package.FirstLayer = f.Layer }, "first installed in", false},
		{func(f *finding.Finding) { f.Package.FirstLayer = 0 }, "first installed in: layer 0 (base)", true},
	} {
		if text := of(c.change); strings.Contains(text, c.says) != c.want {
			t.Errorf("%q is there: %v, in\n%s", c.says, !c.want, text)
		}
	}
	r := shop()
	r.Database.Sources = nil // an index that was made before they were named in it
	if text := string(render(t, "text", r, Options{})); strings.Contains(text, "advisories: none were used") {
		t.Error("an index without sources is said not to be there")
	}
}

// TestCSVFormulas: every sign by which a spreadsheet knows a formula.
func TestCSVFormulas(t *testing.T) {
	for in, want := range map[string]string{"=1": "'=1", "+1": "'+1", "-1": "'-1", "@SUM(1)": "'@SUM(1)", "1=1": "1=1", "": ""} {
		if got, err := toCSV(in); err != nil || got != want {
			t.Errorf("%q became %q, %v, want %q", in, got, err, want)
		}
	}
}
