package report

import (
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestException: an exception has ignored a finding only where the verdict names
// another rule than the policy's. A result of a scan without a policy, or a
// rule that ignores, is none: SARIF would call it accepted, and CycloneDX
// triaged.
func TestException(t *testing.T) {
	for _, c := range []struct {
		rule, policy string
		action       finding.Action
		want         bool
	}{
		{"exception CVE-1", "default", finding.Ignore, true},
		{"default", "default", finding.Ignore, false},
		{"", "default", finding.Ignore, false},
		{"", "", finding.Ignore, false},
		{"exception CVE-1", "default", finding.Block, false},
	} {
		r := &result.Result{Policy: result.Policy{Rule: c.policy}}
		f := &finding.Finding{Verdict: finding.Verdict{Rule: c.rule, Action: c.action}}
		if got := excepted(r, f); got != c.want {
			t.Errorf("%+v: SARIF takes it for an exception: %v", c, got)
		}
		if c.action != finding.Ignore {
			continue
		}
		if got := (&bill{Result: r}).byException(f.Verdict); got != c.want {
			t.Errorf("%+v: the bill takes it for an exception: %v", c, got)
		}
	}
}
