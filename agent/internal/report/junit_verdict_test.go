package report

import (
	"testing"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestJUnitVerdict: what makes the verdict's case, and a gap's, red.
func TestJUnitVerdict(t *testing.T) {
	gap := []finding.Gap{{Kind: finding.Unreadable, Subject: "x", Reason: "cut short", Layer: -1}}
	for name, c := range map[string]struct {
		verdict      result.Verdict
		failed       string
		want, forGap string
	}{
		"passes, gaps accepted":     {result.Verdict{Action: finding.Pass}, "", "passed", "skipped"},
		"incomplete":                {result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}, "", "error", "error"},
		"exit code 1 alone":         {result.Verdict{Action: finding.Block, ExitCode: 1}, "", "error", "error"},
		"blocks, and incomplete":    {result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 2}, "", "error", "error"},
		"blocks, gaps accepted":     {result.Verdict{Action: finding.Block, ExitCode: 2}, "", "failed", "skipped"},
		"failed for another reason": {result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}, "no image", "error", "error"},
	} {
		r := clean()
		r.Verdict, r.Failed, r.Incomplete = c.verdict, c.failed, gap
		all := junitOf(t, r).cases(t)
		if got := all["verdict of the policy"].outcome(); got != c.want {
			t.Errorf("%s: the verdict is %s, want %s", name, got, c.want)
		}
		if got := all["gap: unreadable x"].outcome(); got != c.forGap {
			t.Errorf("%s: the gap is %s, want %s", name, got, c.forGap)
		}
	}
}

// TestJUnitTimestamp: in UTC, without a zone, as the Ant format's schema has it.
func TestJUnitTimestamp(t *testing.T) {
	r := clean()
	r.Created = time.Date(2026, 9, 1, 1, 30, 0, 0, time.FixedZone("", 2*60*60))
	for _, s := range junitOf(t, r).Suites {
		if s.Timestamp != "2026-08-31T23:30:00" {
			t.Errorf("%s: %s", s.Name, s.Timestamp)
		}
	}
}
