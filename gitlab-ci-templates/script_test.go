package templates

import (
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// stub stands for the agent: it prints its arguments, one a line, and the
// credentials that it would find, and writes a result.
const stub = `#!/bin/sh
printf '%s\n' "$@"
if [ -n "$DOCKER_CONFIG" ]; then cat "$DOCKER_CONFIG/config.json"; fi
: >layergate/result.json
`

// TestScript runs the scanning job's script in the plainest shell there is and
// looks at what it asks of the agent, for names and credentials of every kind.
func TestScript(t *testing.T) {
	auth := func(key string) string {
		return `{"auths":{"` + key + `":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("me:it's")) + `"}}}`
	}
	const cs, ci = "CS_REGISTRY_USER=me CS_REGISTRY_PASSWORD=it's", "CI_REGISTRY=r.corp:5000 CI_REGISTRY_USER=me CI_REGISTRY_PASSWORD=it's"
	const hub = "https://index.docker.io/v1/"
	for _, test := range []struct {
		variables string
		want      []string // the image, the flags before the reports, the credentials
	}{
		{"CI_REGISTRY_IMAGE=r.corp/shop CI_COMMIT_REF_SLUG=fix-1 CI_COMMIT_SHA=c0ffee", []string{"r.corp/shop/fix-1:c0ffee"}},
		{"CI_APPLICATION_REPOSITORY=r.corp/a CI_APPLICATION_TAG=2 CI_REGISTRY_IMAGE=r.corp/shop", []string{"r.corp/a:2"}},
		{"CS_IMAGE=a:1 CI_APPLICATION_REPOSITORY=b", []string{"a:1"}},
		{"CS_IMAGE=a:1 LAYERGATE_IMAGE=b:1", []string{"b:1"}},
		{"CS_IMAGE=r.corp:5000/a:1 " + ci, []string{"r.corp:5000/a:1", auth("r.corp:5000")}},
		{"CS_IMAGE=registry:r.corp:5000/a:1 " + ci, []string{"registry:r.corp:5000/a:1", auth("r.corp:5000")}},
		{"CS_IMAGE=other.corp/a:1 " + ci, []string{"other.corp/a:1"}},
		{"CS_IMAGE=other.corp/a:1 DOCKER_AUTH_CONFIG={} " + ci, []string{"other.corp/a:1", "{}"}},
		{"CS_IMAGE=other.corp/a:1 DOCKER_AUTH_CONFIG={} " + cs + " " + ci, []string{"other.corp/a:1", auth("other.corp")}},
		{"CS_IMAGE=alpine:3 " + cs, []string{"alpine:3", auth(hub)}},
		{"CS_IMAGE=me/alpine:3 " + cs, []string{"me/alpine:3", auth(hub)}},
		{"CS_IMAGE=docker.io/me/alpine:3 " + cs, []string{"docker.io/me/alpine:3", auth(hub)}},
		{"CS_IMAGE=localhost/a " + cs, []string{"localhost/a", auth("localhost")}},
		{"CS_IMAGE=a CS_DOCKERFILE_PATH=b/Dockerfile CS_DEFAULT_BRANCH_IMAGE=c TRIVY_PLATFORM=linux/arm64 SECURE_LOG_LEVEL=debug",
			[]string{"a", "--dockerfile", "b/Dockerfile", "--default-branch-image", "c", "--platform", "linux/arm64", "--verbose"}},
		{"CS_IMAGE=a LAYERGATE_SCAN_FLAGS=--verify*", []string{"a", "--verify*"}},
		{"CS_IMAGE=--help", []string{"--help"}},
		{"CS_IMAGE=r.corp/a CS_REGISTRY_INSECURE=true", []string{"r.corp/a", "--insecure", "r.corp"}},
		{"CS_IMAGE=r.corp/a CS_DOCKER_INSECURE=true LAYERGATE_POLICY=p", []string{"r.corp/a", "--policy", "p", "--insecure", "r.corp"}},
		{"CS_IMAGE=r.corp/a CS_DOCKER_INSECURE=false ADDITIONAL_CA_CERT_BUNDLE=script", []string{"r.corp/a", "--ca-cert", "script"}},
	} {
		got := asked(t, strings.Fields(test.variables))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.variables, diff)
		}
	}
}

// TestCopy: of a job that a project makes out of this one no gate reads the
// result, or not each, so it must fail itself; unless nothing is to fail.
func TestCopy(t *testing.T) {
	for variables, want := range map[string]bool{
		"CI_JOB_NAME=container_scanning":                        true,
		"CI_JOB_NAME=container_scanning\nLAYERGATE_BLOCK=true":  true,
		"CI_JOB_NAME=container_scanning 1/2":                    false,
		"CI_JOB_NAME=container_scanning: [web]":                 false,
		"CI_JOB_NAME=scan-web":                                  false,
		"CI_JOB_NAME=":                                          false,
		"CI_JOB_NAME=scan-web\nLAYERGATE_BLOCK=false":           true,
		"CI_JOB_NAME=container_scanning\nLAYERGATE_BLOCK=false": true,
	} {
		r := runJob(t, stub, nil, append(strings.Split(variables, "\n"), "CS_IMAGE=a")...)
		if got := strings.Contains(r.stdout, "\n--no-gate\n"); r.code != 0 || got != want {
			t.Errorf("%q: exit code %d; the decision is left to a gate: %v, want %v\n%s", variables, r.code, got, want, r.stderr)
		}
	}
}

// TestNothingScanned: flags that let the agent do something else do not let the
// gate see a result of the repository, or of a job before this one.
func TestNothingScanned(t *testing.T) {
	r := runJob(t, "#!/bin/sh\n", func(dir string) {
		write(t, filepath.Join(dir, "layergate/result.json"), "{}", 0o644)
	}, "CS_IMAGE=a", "LAYERGATE_SCAN_FLAGS=--help")
	if _, err := os.Stat(filepath.Join(r.dir, "layergate/result.json")); err == nil || r.code != 1 || !strings.Contains(r.stdout, "Nothing was scanned") {
		t.Errorf("exit code %d, and the old result: %v\n%s", r.code, err, r.stdout)
	}
}

// TestTrace: CI_DEBUG_TRACE, which is set -x, shows what is done but no
// credentials: GitLab would mask the password, but not its base64.
func TestTrace(t *testing.T) {
	const password = "it's secret"
	encoded := base64.StdEncoding.EncodeToString([]byte("me:" + password))
	for _, variables := range [][]string{
		{"CS_REGISTRY_USER=me", "CS_REGISTRY_PASSWORD=" + password},
		{`DOCKER_AUTH_CONFIG={"auths":{"r.corp":{"auth":"` + encoded + `"}}}`},
	} {
		r := runJob(t, stub, nil, append(variables, "CS_IMAGE=r.corp/a", trace)...)
		if !strings.Contains(r.stdout, encoded) || !strings.Contains(r.stderr, "layergate scan") {
			t.Fatalf("the agent finds no credentials, or there is no trace:\n%s\n%s", r.stdout, r.stderr)
		}
		if strings.Contains(r.stderr, encoded) || strings.Contains(r.stderr, "secret") {
			t.Errorf("the log has the password:\n%s", r.stderr)
		}
	}
}

// TestCancelled: a job that is stopped leaves no credentials behind either.
func TestCancelled(t *testing.T) {
	r := runJob(t, "#!/bin/sh\nkill -TERM $PPID\n", nil, "CS_IMAGE=r.corp/a", "DOCKER_AUTH_CONFIG={}")
	if r.code != 143 {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
}

// job is what became of the scanning job's script.
type job struct {
	dir, stdout, stderr string
	code                int
}

// runJob runs the script in a folder of its own with an agent, and fails the
// test where it leaves temporary files behind. prepare may be nil.
func runJob(t *testing.T, agent string, prepare func(dir string), variables ...string) job {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bin/layergate"), agent, 0o755)
	write(t, filepath.Join(dir, "script"), "set -eu\n"+script(t), 0o644)
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	if prepare != nil {
		prepare(dir)
	}
	args := []string{"script"}
	if slices.Contains(variables, trace) {
		args = []string{"-x", "script"}
	}
	cmd := exec.Command("sh", args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + dir + "/bin:/usr/bin:/bin", "TMPDIR=" + dir + "/tmp", "CI_JOB_NAME=container_scanning",
		"CI_JOB_URL=https://gitlab.example.com/-/jobs/1", "CS_QUIET=1"}, variables...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("%v: the script leaves %v behind (%v)", variables, left, err)
	}
	return job{dir, stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// trace stands among the variables for what the runner makes of CI_DEBUG_TRACE.
const trace = "CI_DEBUG_TRACE=true"

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(file), 0o755)
	if err == nil {
		err = os.WriteFile(file, []byte(text), mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// asked is what the script asks of the agent that is not the same always: the
// image, flags, and the credentials.
func asked(t *testing.T, variables []string) []string {
	t.Helper()
	r := runJob(t, stub, nil, variables...)
	if r.code != 0 {
		t.Fatalf("%v: exit code %d\n%s%s", variables, r.code, r.stdout, r.stderr)
	}
	flags, rest, found := strings.Cut(strings.TrimSpace(r.stdout), "\n--\n")
	if !found {
		t.Fatalf("%v: the image may be taken for a flag:\n%s", variables, r.stdout)
	}
	image, credentials, found := strings.Cut(rest, "\n")
	got := []string{image}
	lines := strings.Split(flags, "\n")
	for i := 0; i < len(lines); i++ {
		switch lines[i] {
		case "scan", "--no-gate":
		case "--output":
			i++
		default:
			got = append(got, lines[i])
		}
	}
	if found {
		got = append(got, credentials)
	}
	return got
}

// script is the scanning job's, as those have it who include the file.
func script(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(include)
	if err != nil {
		t.Fatal(err)
	}
	var jobs map[string]struct{ Script []string }
	if err := yaml.Unmarshal(text, &jobs); err != nil {
		t.Fatal(err)
	}
	return strings.Join(jobs["container_scanning"].Script, "\n")
}
