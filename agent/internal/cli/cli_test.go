package cli

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
	"github.com/layergate/layergate/agent/internal/scan"
)

// run runs a command line with a scan of the test's own.
func run(t *testing.T, ctx context.Context, env map[string]string, fake func(context.Context, scan.Options) (*result.Result, error), args ...string) (code ExitCode, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{
		env: func(k string) string { return env[k] }, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		log: logrus.New(), now: func() time.Time { return time.Date(2026, 9, 1, 12, 0, 0, 5, time.UTC) }, scan: fake,
	}
	a.log.SetOutput(&errs)
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	code = a.end(root.ExecuteContext(ctx))
	return code, out.String(), errs.String()
}

// resultOf is what a scan with that verdict gives.
func resultOf(v result.Verdict) func(context.Context, scan.Options) (*result.Result, error) {
	return func(_ context.Context, o scan.Options) (*result.Result, error) {
		return &result.Result{SchemaVersion: result.SchemaVersion, Created: o.Created, Image: result.Image{Name: o.Reference}, Verdict: v}, nil
	}
}

func TestExitCodeIsTheVerdicts(t *testing.T) {
	for _, c := range []struct {
		verdict result.Verdict
		want    ExitCode
	}{
		{result.Verdict{Action: finding.Pass}, 0},
		{result.Verdict{Action: finding.Alert}, 0},
		{result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}, 1},
		{result.Verdict{Action: finding.Block, ExitCode: 2}, 2},
		{result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 2}, 2},
	} {
		for _, output := range []string{"table", "json"} {
			got, _, stderr := run(t, t.Context(), nil, resultOf(c.verdict), "scan", "x", "-o", output)
			if got != c.want {
				t.Errorf("%v as %s: exit code %d, want %d (%s)", c.verdict, output, got, c.want, stderr)
			}
		}
	}
}

// TestVerdictThatContradictsItself: a result that cannot be valid is not passed on.
func TestVerdictThatContradictsItself(t *testing.T) {
	code, _, stderr := run(t, t.Context(), nil, resultOf(result.Verdict{Action: finding.Block}), "scan", "x", "-o", "json")
	if code != ExitIncomplete || !strings.Contains(stderr, "contradicts itself") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	waits := func(ctx context.Context, o scan.Options) (*result.Result, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	file := filepath.Join(t.TempDir(), "r.json")
	code, stdout, stderr := run(t, ctx, nil, waits, "scan", "x", "-o", "json="+file)
	if code != ExitIncomplete || stdout != "" || stderr != "layergate: the scan was interrupted: context canceled\n" {
		t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	r, err := result.Read(strings.NewReader(readFile(t, file)))
	if err != nil || r.Verdict.ExitCode != 1 || len(r.Incomplete) != 1 {
		t.Errorf("%v, %+v", err, r)
	}
}

func TestWhatTheScanIsTold(t *testing.T) {
	var got scan.Options
	spy := func(ctx context.Context, o scan.Options) (*result.Result, error) {
		got = o
		return resultOf(result.Verdict{Action: finding.Pass})(ctx, o)
	}
	env := map[string]string{"JOB_NAME": "shop/main", "TMPDIR": "/big", "SOURCE_DATE_EPOCH": "86400"}
	code, _, stderr := run(t, t.Context(), env, spy, "scan", "shop:1", "--platform", "linux/arm64", "--verify",
		"--insecure", "a:5000", "--insecure", "b", "--ca-cert", "own.pem", "--ca-cert", "other:5000=its.pem")
	if code != 0 {
		t.Fatal(stderr)
	}
	for what, ok := range map[string]bool{
		"reference":  got.Reference == "shop:1",
		"platform":   got.Source.Platform == "linux/arm64",
		"verify":     got.Verify,
		"insecure":   strings.Join(got.Source.Insecure, " ") == "a:5000 b",
		"ca-cert":    got.Source.CACert[""] == "own.pem" && got.Source.CACert["other:5000"] == "its.pem",
		"job":        got.Job == "shop/main",
		"temp dir":   got.TempDir == "/big" && got.Source.TempDir == "/big",
		"created":    got.Created.Equal(time.Unix(86400, 0)),
		"now":        got.Now.Year() == 2026, // exceptions do not come back to life by SOURCE_DATE_EPOCH
		"policy":     got.Policy != nil && got.PolicyLocation == "embedded" && strings.HasPrefix(got.PolicyDigest, "sha256:"),
		"index":      got.Index != nil && got.IndexLocation == "embedded",
		"source env": got.Source.Env("JOB_NAME") == "shop/main",
	} {
		if !ok {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

// TestHostileError: an error may name things from an image.
func TestHostileError(t *testing.T) {
	evil := func(context.Context, scan.Options) (*result.Result, error) {
		return nil, errors.New("reading \x1b[2Jx\u202e: broken")
	}
	_, _, stderr := run(t, t.Context(), nil, evil, "scan", "x")
	if want := "layergate: reading \\x1b[2Jx\\u202e: broken\n"; stderr != want {
		t.Errorf("got %q, want %q", stderr, want)
	}
}

func TestLinksWork(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"TERM": "xterm-256color"}, false},
		{map[string]string{"TERM": "xterm-kitty"}, true},
		{map[string]string{"TERM": "xterm-256color", "VTE_VERSION": "6003"}, true},
		{map[string]string{"TERM": "xterm-256color", "VTE_VERSION": "4900"}, false},
		{map[string]string{"TERM_PROGRAM": "vscode"}, true},
		{map[string]string{"TERM_PROGRAM": "Apple_Terminal"}, false},
		{map[string]string{"WT_SESSION": "1"}, true},
		{map[string]string{"TERM": "screen-256color", "VTE_VERSION": "6003"}, false},
		{map[string]string{"TERM": "tmux-256color", "TERM_PROGRAM": "WezTerm"}, false},
		{map[string]string{"TERM": "xterm-kitty", "CI": "true"}, false},
		{map[string]string{"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, false},
		{map[string]string{"CI": "true", "FORCE_HYPERLINK": "1"}, true},
	} {
		a := &app{env: func(k string) string { return c.env[k] }}
		if got := a.linksWork(); got != c.want {
			t.Errorf("%v: %t, want %t", c.env, got, c.want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	e := scan.Event{Stage: "reading", Layer: 3, Layers: 12, Source: "docker-archive"}
	for width, want := range map[int]string{
		80: "reading: 3 of 12 layers (docker-archive)",
		10: "reading: 3",
	} {
		if got := cut(progressLine(e), width); got != want {
			t.Errorf("width %d: %q, want %q", width, got, want)
		}
	}
}

func TestProgressIsClearedAndOnlyOnATerminal(t *testing.T) {
	var on, off strings.Builder
	p := &progress{on: true, width: 80, write: func(s string) { on.WriteString(s) }}
	p.show(scan.Event{Stage: "opening"})
	p.clear()
	p.clear()
	if want := "\r\x1b[Kopening\r\x1b[K"; on.String() != want {
		t.Errorf("got %q, want %q", on.String(), want)
	}
	a := &app{stderr: &off, env: func(string) string { return "" }, log: logrus.New()}
	q := a.newProgress()
	q.show(scan.Event{Stage: "opening"})
	q.clear()
	if off.Len() > 0 {
		t.Errorf("a build log got %q", off.String())
	}
}
