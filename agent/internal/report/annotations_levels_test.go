package report

import (
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestAnnotationLevels: the verdict and the gaps are as loud as what comes of
// them. Azure's agent knows no notices.
func TestAnnotationLevels(t *testing.T) {
	gap := []finding.Gap{{Kind: finding.Unreadable, Subject: "x", Reason: "cut short", Layer: -1}}
	for name, c := range map[string]struct {
		verdict       result.Verdict
		gaps          []finding.Gap
		want, wantGap level
	}{
		"passes":                {result.Verdict{Action: finding.Pass}, nil, asNotice, ""},
		"alerts":                {result.Verdict{Action: finding.Alert}, nil, asWarning, ""},
		"passes, gaps accepted": {result.Verdict{Action: finding.Pass}, gap, asWarning, asWarning},
		"blocks, gaps accepted": {result.Verdict{Action: finding.Block, ExitCode: 2}, gap, asError, asWarning},
		"incomplete":            {result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}, gap, asError, asError},
	} {
		r := clean()
		r.Verdict, r.Incomplete = c.verdict, c.gaps
		all := annotations(r)
		if len(all) != 1+len(c.gaps) || all[0].level != c.want || len(c.gaps) > 0 && all[1].level != c.wantGap {
			t.Errorf("%s: %+v", name, all)
		}
		if out := string(annotate(t, "azure", r)); strings.Contains(out, "type=notice") || (out == "") != (c.want == asNotice) {
			t.Errorf("%s: %q", name, out)
		}
	}
}
