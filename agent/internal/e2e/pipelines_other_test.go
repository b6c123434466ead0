package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

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
		image        string // "" is one that is built
		want         int
		says         string
	}{
		{"block", "4.17.4", "", 2, "gate: the policy blocks "},
		{"pass", "", "", 0, "gate: "},
		{"missing", "", "missing.tar", 1, "could not be scanned completely"},
		{"a flag for an image", "", "--help", 1, "could not be scanned completely"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, image := repository(t, test.lodash), test.image
			if image == "" {
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
