package templates

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// stub stands for the agent: it prints its arguments, one a line, and the
// credentials that it would find.
const stub = `#!/bin/sh
printf '%s\n' "$@"
if [ -n "$DOCKER_CONFIG" ]; then cat "$DOCKER_CONFIG/config.json"; fi
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
		{"CS_IMAGE=r.corp/a CS_REGISTRY_INSECURE=true", []string{"r.corp/a", "--insecure", "r.corp"}},
		{"CS_IMAGE=r.corp/a CS_DOCKER_INSECURE=true LAYERGATE_POLICY=p", []string{"r.corp/a", "--policy", "p", "--insecure", "r.corp"}},
		{"CS_IMAGE=r.corp/a CS_DOCKER_INSECURE=false ADDITIONAL_CA_CERT_BUNDLE=script", []string{"r.corp/a", "--ca-cert", "script"}},
	} {
		got := runScript(t, strings.Fields(test.variables))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.variables, diff)
		}
	}
}

// runScript runs the script in a folder of its own, which it keeps but for the
// reports, and returns what it asks of the agent that is not the same always.
func runScript(t *testing.T, variables []string) []string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("bin/layergate", stub, 0o755)
	write("script", "set -eu\n"+script(t), 0o644)
	cmd := exec.Command("sh", "script")
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + dir + "/bin:/usr/bin:/bin", "TMPDIR=" + dir + "/tmp", "CI_JOB_URL=https://gitlab.example.com/-/jobs/1", "CS_QUIET=1"}, variables...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", variables, err, out)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err != nil || len(left) > 0 {
		t.Errorf("%v: the script leaves %v behind (%v)", variables, left, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var got []string
	for i := 0; i < len(lines); i++ {
		switch lines[i] {
		case "scan", "--no-gate":
		case "--output":
			i++
		default:
			got = append(got, lines[i])
		}
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
