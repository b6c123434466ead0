package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// snippetsFolder is where the documented pipelines are.
const snippetsFolder = "../../../docs/pipelines/"

// snippet is a documented pipeline, reduced to what runs on this machine: its
// scripts, in the shell and the environment that its system gives them.
type snippet struct {
	file        string
	shell       []string          // what runs a script, whose file is the last argument
	environment map[string]string // what the system sets; $DIR is a folder of the job
	steps       func(t *testing.T, content []byte) []step
	path        func(dir, stdout string) string // the folder that a step has added to PATH
	reports     []string
	gate        string // what the gate's output must begin a line with, if it blocks
}

// step is one script of a pipeline.
type step struct {
	name, script string
	always       bool // also after a step that failed
}

var documented = []snippet{{
	file:  "github.yml",
	shell: []string{"bash", "-e"},
	environment: map[string]string{
		"GITHUB_ACTIONS": "true", "RUNNER_TEMP": "$DIR", "GITHUB_PATH": "$DIR/path", "GITHUB_STEP_SUMMARY": "$DIR/summary.md",
	},
	steps: gitHubSteps,
	path: func(dir, _ string) string {
		content, _ := os.ReadFile(filepath.Join(dir, "path")) // not there: no step has written it yet
		return strings.TrimSpace(string(content))
	},
	reports: []string{"result.json", "layergate.sarif", "layergate.html", "$DIR/summary.md"},
	gate:    "::error",
}, {
	file:  "azure-pipelines.yml",
	shell: []string{"bash", "--noprofile", "--norc"},
	environment: map[string]string{
		"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": "$DIR", "BUILD_ARTIFACTSTAGINGDIRECTORY": "$DIR/staging", "REPORTS": "$DIR/staging",
	},
	steps: azureSteps,
	path: func(_, stdout string) string {
		_, after, _ := strings.Cut(stdout, "##vso[task.prependpath]")
		folder, _, _ := strings.Cut(after, "\n")
		return folder
	},
	reports: []string{"$DIR/staging/result.json", "$DIR/staging/layergate.xml", "$DIR/staging/layergate.html", "$DIR/staging/layergate.md"},
	gate:    "##vso[task.logissue type=error",
}, {
	file:    "bamboo.yml",
	shell:   []string{"sh"},
	steps:   bambooSteps,
	path:    func(string, string) string { return "" },
	reports: []string{"result.json", "layergate.xml", "layergate.html"},
	gate:    "verdict: BLOCK",
}}

// TestPipelines runs the scripts of the documented pipelines, with the agent out
// of its own image, over an image that the policy blocks, one that it lets pass
// and one that cannot be read completely.
func TestPipelines(t *testing.T) {
	need(t, "docker", "buildah", "apt-get=apt", "dpkg-deb=dpkg", "skopeo", "bash")
	agentImage := imageName(t, "agent")
	buildAgent(t, agentImage)
	for _, p := range documented {
		t.Run(p.file, func(t *testing.T) {
			content, err := os.ReadFile(snippetsFolder + p.file)
			if err != nil {
				t.Fatal(err)
			}
			steps := p.steps(t, content)
			if len(steps) < 4 || steps[len(steps)-1].always {
				t.Fatalf("want at least four scripts, the last of them the gate, got %+v", steps)
			}
			t.Run("block", func(t *testing.T) { p.run(t, steps, agentImage, "4.17.4", 2) })
			t.Run("pass", func(t *testing.T) { p.run(t, steps, agentImage, "", 0) })
			t.Run("incomplete", func(t *testing.T) { p.run(t, steps, agentImage, unreadable, 1) })
		})
	}
	t.Run("tekton.yaml", func(t *testing.T) { testTekton(t, agentImage) })
}

// run runs a pipeline's scripts in a repository whose image has a version of
// lodash, or none, and checks how it ends.
func (p snippet) run(t *testing.T, steps []step, agentImage, lodash string, want int) {
	dir, repository := t.TempDir(), repository(t, lodash)
	if err := os.Mkdir(filepath.Join(dir, "staging"), 0o755); err != nil {
		t.Fatal(err)
	}
	path, environment := os.Getenv("PATH"), p.variables(t, dir, agentImage)
	failed := 0
	var last string
	for _, s := range steps {
		if failed != 0 && !s.always {
			continue
		}
		var code int
		last, code = p.script(t, s, repository, append(environment, "PATH="+path))
		if failed == 0 {
			failed = code
		}
		if folder := p.path(dir, last); folder != "" {
			path = folder + ":" + os.Getenv("PATH")
		}
	}
	if failed != want {
		t.Errorf("the pipeline ended with exit code %d, want %d", failed, want)
	}
	if want == 2 && !strings.Contains("\n"+last, "\n"+p.gate) {
		t.Errorf("the gate printed no line with %q:\n%s", p.gate, last)
	}
	checkReports(t, p.reports, dir, repository)
}

// variables is the whole environment of a job, but for PATH: its system's, and
// what the snippet itself sets, for this machine.
func (p snippet) variables(t *testing.T, dir, agentImage string) []string {
	image := imageName(t, "shop")
	_, number, _ := strings.Cut(image, ":")
	t.Cleanup(func() { // Bamboo's image, if it was built
		_ = exec.Command("docker", "rmi", "--force", "shop:"+number).Run()
	})
	variables := []string{
		"HOME=" + dir, "TMPDIR=" + dir, "DOCKER_HOST=" + os.Getenv("DOCKER_HOST"), "DOCKER_BUILDKIT=0",
		"IMAGE=" + image, "AGENT=" + agentImage, "bamboo_agent=" + agentImage, "bamboo_buildNumber=" + number,
	}
	for name, value := range p.environment {
		variables = append(variables, name+"="+strings.ReplaceAll(value, "$DIR", dir))
	}
	return variables
}

// script runs one script, and returns what it prints and its exit code.
func (p snippet) script(t *testing.T, s step, dir string, environment []string) (string, int) {
	file := filepath.Join(t.TempDir(), "script")
	write(t, file, s.script)
	cmd := exec.Command(p.shell[0], append(p.shell[1:], file)...)
	cmd.Dir, cmd.Env = dir, environment
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	t.Logf("%s: exit code %d\n%s", s.name, cmd.ProcessState.ExitCode(), stderr.String())
	return stdout.String(), cmd.ProcessState.ExitCode()
}

func checkReports(t *testing.T, reports []string, dir, repository string) {
	t.Helper()
	for _, report := range reports {
		file := strings.ReplaceAll(report, "$DIR", dir)
		if !filepath.IsAbs(file) {
			file = filepath.Join(repository, file)
		}
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Errorf("there is no report %s: %v", report, err)
		}
	}
}

// unreadable is no version: it breaks the file that it is in.
const unreadable = `"}`

// repository is a folder with all that the snippets expect in a repository. A
// version of lodash before 4.17.12 is blocked by the default policy
// (CVE-2019-10744 among others: high, fixed).
func repository(t *testing.T, lodash string) string {
	dir := t.TempDir()
	run(t, "cp", "../../../policies/default.yaml", filepath.Join(dir, "policy.yaml"))
	write(t, filepath.Join(dir, "Dockerfile"), "FROM scratch\nCOPY app /app\n")
	// No two images are alike: docker would take one's layers for the other's
	// while another test removes them.
	write(t, filepath.Join(dir, "app/index.js"), fmt.Sprintf("// %d %s\n", os.Getpid(), dir))
	if lodash != "" {
		m := module("app/node_modules/lodash", lodash)
		write(t, filepath.Join(dir, m.name), m.content)
	}
	return dir
}
