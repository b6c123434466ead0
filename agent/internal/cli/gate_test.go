package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// policyFor writes a policy of one rule.
func policyFor(t *testing.T, rule string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nrules:\n  - name: one\n"+rule), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	strict = "    vulnerabilities: {critical: block}\n"
	mild   = "    vulnerabilities: {critical: alert}\n    incomplete: alert\n"
)

func critical() *result.Result {
	r := passed()
	r.Layers = []result.Layer{{Instruction: "COPY . /"}}
	r.Database.Newest = time.Date(2026, 8, 31, 0, 0, 0, 0, time.UTC)
	r.Findings = []finding.Finding{{Kind: finding.Vulnerability, ID: "CVE-2021-44228", Severity: finding.Critical, FixState: finding.Fixed, FixedIn: []string{"2.15.0"},
		Package: &finding.Package{Type: "maven", Name: "log4j-core", Version: "2.14.1"}, Verdict: finding.Verdict{Action: finding.Pass}}}
	return r
}

func TestGate(t *testing.T) {
	gap := critical()
	gap.Findings = nil
	gap.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Subject: "x", Reason: "reading x: cut short", Layer: -1}}
	failed := passed()
	failed.Failed = "no such image"
	failed.Verdict = result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}
	both := critical()
	both.Incomplete = gap.Incomplete
	for name, c := range map[string]struct {
		r      *result.Result
		policy string
		want   ExitCode
		say    string
	}{
		// What the result says of verdicts does not count.
		"blocks what the result lets pass":      {critical(), strict, 2, "upgrade log4j-core from 2.14.1 to 2.15.0"},
		"lets pass":                             {critical(), mild, 0, "verdict: PASS, with alerts (exit code 0, by rule \"one\""},
		"a gap":                                 {gap, strict, 1, "verdict: INCOMPLETE"},
		"a gap that the policy accepts":         {gap, mild, 0, "verdict: PASS, with alerts"},
		"both":                                  {both, strict, 2, "verdict: BLOCK, and INCOMPLETE"},
		"a failed scan":                         {failed, strict, 1, "the scan could not be completed: no such image"},
		"a failed scan under a mild policy":     {failed, mild, 1, "the scan could not be completed: no such image"},
		"nothing found, nothing left to change": {passed(), strict, 0, "verdict: PASS (exit code 0"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, t.Context(), nil, nil, "gate", resultFile(t, c.r), "--policy", policyFor(t, c.policy))
			if code != c.want || !strings.Contains(stdout, c.say) {
				t.Errorf("exit code %d, want %d; want %q in:\n%s%s", code, c.want, c.say, stdout, stderr)
			}
		})
	}
}

// The reports of a gate have the gate's verdict.
func TestGateWritesReports(t *testing.T) {
	out := filepath.Join(t.TempDir(), "gated.json")
	code, stdout, stderr := run(t, t.Context(), nil, nil, "gate", resultFile(t, critical()), "--policy", policyFor(t, strict), "-o", "json="+out)
	if code != 2 || !strings.Contains(stdout, "verdict: BLOCK") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := result.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict.ExitCode != 2 || r.Findings[0].Verdict.Action != finding.Block || r.Policy.Rule != "one" || len(r.Remedies) != 1 {
		t.Errorf("got %+v, %+v", r.Verdict, r.Findings[0].Verdict)
	}
}

func TestNoGate(t *testing.T) {
	for want, v := range map[ExitCode][]result.Verdict{
		0: {{Action: finding.Pass}, {Action: finding.Block, ExitCode: 2}},
		1: {{Action: finding.Block, Incomplete: true, ExitCode: 1}, {Action: finding.Block, Incomplete: true, ExitCode: 2}},
	} {
		for _, v := range v {
			if code, _, stderr := run(t, t.Context(), nil, resultOf(v), "scan", "x", "--no-gate"); code != want {
				t.Errorf("%+v: exit code %d, want %d (%s)", v, code, want, stderr)
			}
		}
	}
}

func TestGateErrors(t *testing.T) {
	good := resultFile(t, passed())
	for want, args := range map[string][]string{
		"no such file":                   {"none.json"},
		"is not JSON":                    {policyFor(t, strict)},
		"reading the policy":             {good, "--policy", "none.yaml"},
		"both the result and the policy": {"-", "--policy", "-"},
		"unknown report format":          {good, "-o", "pdf"},
	} {
		if code, stdout, stderr := run(t, t.Context(), nil, nil, append([]string{"gate"}, args...)...); code != 1 || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%q: exit code %d, %q, %q; want %q", args, code, stdout, stderr, want)
		}
	}
}

// A stdout that takes nothing keeps no report from being written: an old one
// would be taken for this gate's.
func TestGateWithoutStdout(t *testing.T) {
	out := filepath.Join(t.TempDir(), "gated.json")
	var stderr strings.Builder
	code := Main(t.Context(), []string{"gate", resultFile(t, critical()), "--policy", policyFor(t, strict), "-o", "json=" + out},
		func(string) string { return "" }, strings.NewReader(""), fullDisk{}, &stderr)
	if code != 1 || !strings.Contains(stderr.String(), "writing the verdict: no space") {
		t.Errorf("exit code %d, %q", code, stderr.String())
	}
	if !strings.Contains(readFile(t, out), `"exitCode": 2`) {
		t.Error("the report has another verdict")
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space") }
