package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/result"
)

// What a gate is asked to print is all that it prints, however it is asked.
func TestGatePrintsOneThing(t *testing.T) {
	tmpl := filepath.Join(t.TempDir(), "codes.tmpl")
	if err := os.WriteFile(tmpl, []byte("{{.Verdict.ExitCode}};"), 0o644); err != nil {
		t.Fatal(err)
	}
	file, policy := resultFile(t, critical()), policyFor(t, strict)
	for _, args := range [][]string{{"--format", "json"}, {"-o", "json"}, {"--output=json"}} {
		code, stdout, stderr := run(t, t.Context(), nil, nil, append([]string{"gate", file, "--policy", policy}, args...)...)
		r, err := result.Read(strings.NewReader(stdout))
		if code != 2 || stderr != "" || err != nil || r.Verdict.ExitCode != 2 {
			t.Errorf("%q: exit code %d, %v, %q, in\n%s", args, code, err, stderr, stdout)
		}
	}
	if code, stdout, stderr := run(t, t.Context(), nil, nil, "gate", file, "--policy", policy, "--template", tmpl); code != 2 || stdout != "2;" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

// The policy that a report names is the gate's, not the scan's.
func TestGateNamesItsPolicy(t *testing.T) {
	r, policy := critical(), policyFor(t, strict)
	r.Policy = result.Policy{Location: "the-scans.yaml", Digest: "sha256:" + strings.Repeat("0", 64), Rule: "the scan's"}
	_, stdout, stderr := run(t, t.Context(), nil, nil, "gate", resultFile(t, r), "--policy", policy, "-o", "json")
	got, err := result.Read(strings.NewReader(stdout))
	if err != nil {
		t.Fatal(err, stderr)
	}
	if got.Policy.Location != policy || got.Policy.Digest == r.Policy.Digest || got.Policy.Rule != "one" {
		t.Errorf("decided by %+v, want %s", got.Policy, policy)
	}
}

// The job is the flag's; else the variable that --help names first.
func TestJob(t *testing.T) {
	env := map[string]string{"CI_JOB_NAME": "gitlab", "JOB_NAME": "jenkins", "GITHUB_JOB": "github"}
	a := &app{env: func(k string) string { return env[k] }}
	if got := a.job("flag"); got != "flag" {
		t.Errorf("with a flag: %q", got)
	}
	for _, want := range []string{"CI_JOB_NAME", "JOB_NAME", "GITHUB_JOB"} {
		if got := a.job(""); got != env[want] {
			t.Errorf("the job is %q, want $%s", got, want)
		}
		delete(env, want)
	}
	if got := a.job(""); got != "" {
		t.Errorf("without any: %q", got)
	}
}
