package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
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
	image := imageName(t, "shop")
	number := strings.ReplaceAll(strings.TrimPrefix(image, "layergate-e2e/shop:"), "/", "-")
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", "shop:"+number).Run() })
	path := os.Getenv("PATH")
	environment := []string{
		"HOME=" + dir, "TMPDIR=" + dir, "DOCKER_HOST=" + os.Getenv("DOCKER_HOST"), "DOCKER_BUILDKIT=0",
		"IMAGE=" + image, "AGENT=" + agentImage, "bamboo_agent=" + agentImage, "bamboo_buildNumber=" + number,
	}
	for name, value := range p.environment {
		environment = append(environment, name+"="+strings.ReplaceAll(value, "$DIR", dir))
	}
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
	if t.Logf("%s: exit code %d", s.name, cmd.ProcessState.ExitCode()); err != nil {
		t.Log(stderr.String())
	}
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
// (CVE-2019-10744: critical, fixed).
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

func gitHubSteps(t *testing.T, content []byte) []step {
	var workflow struct {
		Env  map[string]string
		Jobs struct {
			Image struct {
				Steps []struct{ Name, Run, If string }
			}
		}
	}
	parse(t, content, &workflow)
	if workflow.Env["IMAGE"] == "" || workflow.Env["AGENT"] == "" {
		t.Errorf("the workflow does not set IMAGE and AGENT: %v", workflow.Env)
	}
	var steps []step
	for _, s := range workflow.Jobs.Image.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("step %q has an expression in its script, where others could write commands", s.Name)
		}
		if s.Run != "" {
			steps = append(steps, step{s.Name, s.Run, s.If == "${{ !cancelled() }}"})
		}
	}
	return steps
}

func azureSteps(t *testing.T, content []byte) []step {
	var definition struct {
		Variables map[string]string
		Steps     []struct{ Script, DisplayName, Condition string }
	}
	// yaml.v3 wants keys in lower case, or named.
	parse(t, bytes.ReplaceAll(content, []byte("displayName"), []byte("displayname")), &definition)
	for _, name := range []string{"image", "agent", "reports"} {
		if definition.Variables[name] == "" {
			t.Errorf("the pipeline does not set %s", name)
		}
	}
	var steps []step
	for _, s := range definition.Steps {
		if s.Script != "" {
			steps = append(steps, step{s.DisplayName, s.Script, s.Condition == "succeededOrFailed()"})
		}
	}
	return steps
}

func bambooSteps(t *testing.T, content []byte) []step {
	var plan struct {
		Image struct{ Tasks []yaml.Node } `yaml:"Image"`
	}
	parse(t, content, &plan)
	var steps []step
	for _, node := range plan.Image.Tasks {
		var task struct{ Script []string }
		if node.Kind == yaml.ScalarNode { // checkout
			continue
		}
		if err := node.Decode(&task); err != nil {
			t.Fatal(err)
		}
		// Each line is a step here, so that a failure shows where it is; but for
		// set -e, which is what makes it so.
		lines := slices.DeleteFunc(task.Script, func(line string) bool { return line == "set -e" })
		if len(lines) == len(task.Script) && len(lines) > 1 {
			t.Errorf("a script of several lines without set -e goes on after a failure: %q", lines)
		}
		for _, line := range lines {
			steps = append(steps, step{name: line, script: line})
		}
	}
	return steps
}

func parse(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}

// testTekton runs the task's steps as Tekton does: each script is a file that
// takes the place of the image's entrypoint. No registry is needed here: the
// image is an archive in the workspace.
func testTekton(t *testing.T, agentImage string) {
	content, err := os.ReadFile(snippetsFolder + "tekton.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var task struct {
		Spec struct {
			StepTemplate struct {
				Image      string
				WorkingDir string `yaml:"workingDir"`
				Env        []struct{ Name, Value string }
			} `yaml:"stepTemplate"`
			Steps []struct{ Name, Script string }
		}
	}
	parse(t, content, &task)
	template := task.Spec.StepTemplate
	if template.Image != "$(params.agent)" || template.WorkingDir != "$(workspaces.source.path)" ||
		len(template.Env) != 1 || template.Env[0].Name != "IMAGE" || template.Env[0].Value != "$(params.image)" || len(task.Spec.Steps) != 2 {
		t.Fatalf("not the task that this test knows: %+v", task.Spec)
	}
	source, scripts := repository(t, "4.17.4"), t.TempDir()
	image := imageName(t, "shop")
	run(t, "docker", "build", "--tag", image, source)
	run(t, "docker", "save", "--output", filepath.Join(source, "image.tar"), image)
	run(t, "chmod", "-R", "a+rwX", source) // the pod's security context is not the task's
	for i, s := range task.Spec.Steps {
		file := filepath.Join(scripts, s.Name)
		write(t, file, s.Script)
		run(t, "chmod", "755", scripts, file)
		cmd := exec.Command("docker", "run", "--rm", "--network", "none", "--volume", source+":/workspace/source", "--workdir", "/workspace/source",
			"--volume", scripts+":/tekton/scripts:ro", "--env", "IMAGE=image.tar", "--entrypoint", "/tekton/scripts/"+s.Name, agentImage)
		out, _ := cmd.CombinedOutput() // the exit code says it
		if got, want := cmd.ProcessState.ExitCode(), []int{0, 2}[i]; got != want {
			t.Errorf("step %s ended with exit code %d, want %d\n%s", s.Name, got, want, out)
		}
	}
	checkReports(t, []string{"result.json", "layergate.xml", "layergate.html"}, "", source)
}

// TestGateScript runs the script for a plain shell.
func TestGateScript(t *testing.T) {
	need(t, "docker")
	for _, test := range []struct {
		name, lodash string
		want         int
		says         string
	}{
		{"block", "4.17.4", 2, "gate: the policy blocks "},
		{"pass", "", 0, "gate: "},
		{"missing", "no image", 1, "could not be scanned completely"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, image := repository(t, test.lodash), "missing.tar"
			if test.name != "missing" {
				image = imageName(t, "shop")
				run(t, "docker", "build", "--tag", image, dir)
			}
			run(t, "cp", snippetsFolder+"gate.sh", dir)
			cmd := exec.Command("sh", "gate.sh", image)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(programme)+":"+os.Getenv("PATH"))
			out, _ := cmd.CombinedOutput() // the exit code says it
			if got := cmd.ProcessState.ExitCode(); got != test.want || !strings.Contains(string(out), test.says) {
				t.Errorf("exit code %d, want %d and %q\n%s", got, test.want, test.says, out)
			}
			checkReports(t, []string{"result.json", "layergate.xml", "layergate.html"}, "", dir)
		})
	}
}

// TestPipelineSchemas checks the documented pipelines with the schemas that the
// package check-jsonschema brings along. It has none for Tekton.
func TestPipelineSchemas(t *testing.T) {
	tool, err := filepath.Abs("../../../.ci/tools/venv/bin/check-jsonschema")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(tool); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("make install-deps (%v)", err)
	}
	for file, schema := range map[string]string{
		"github.yml": "github-workflows", "azure-pipelines.yml": "azure-pipelines", "bamboo.yml": "bamboo-spec",
	} {
		// Azure's schema has an expression that only Python's dialect allows.
		check := []string{"--regex-variant", "python", "--builtin-schema", "vendor." + schema}
		run(t, tool, append(check, snippetsFolder+file)...)
		content, err := os.ReadFile(snippetsFolder + file)
		if err != nil {
			t.Fatal(err)
		}
		wrong := filepath.Join(t.TempDir(), file)
		write(t, wrong, strings.NewReplacer("\n      - name: Build\n", "\n      - nom: Build\n", "displayName: Build", "displayNom: Build",
			"jobs:\n        - Image", "jabs:\n        - Image").Replace(string(content)))
		if exec.Command(tool, append(check, wrong)...).Run() == nil {
			t.Errorf("the schema %s takes anything", schema)
		}
	}
}
