package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// gitlabProject is a GitLab project in a folder: a repository whose pipeline
// gitlab-ci-local runs, which is a GitLab runner of its own that reads, checks
// and runs .gitlab-ci.yml as GitLab would.
type gitlabProject struct {
	dir  string
	temp string // where its jobs put temporary files
}

// newProject makes a project with the templates, as a component's project has
// them. include is what its .gitlab-ci.yml includes, in YAML; a job of an
// earlier stage leaves the image behind, as image.tar. files are more files of
// the repository: where it is in ours, where it is to be.
func newProject(t testing.TB, include string, files ...string) gitlabProject {
	t.Helper()
	needGitLab(t)
	p := gitlabProject{t.TempDir(), t.TempDir()}
	run(t, "cp", "-r", "../../../gitlab-ci-templates/.", p.dir)
	for i := 0; i+1 < len(files); i += 2 {
		text, err := os.ReadFile(filepath.Join("../../..", files[i]))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(p.dir, files[i+1]), string(text))
	}
	write(t, filepath.Join(p.dir, "policy.yaml"), alertOnly)
	write(t, filepath.Join(p.dir, ".gitlab-ci.yml"), include+buildJob)
	p.git(t, "init", "--quiet", "--initial-branch", "main")
	p.git(t, "remote", "add", "origin", "git@gitlab.example.com:team/shop.git")
	p.git(t, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
	p.git(t, "add", "--all")
	p.git(t, "-c", "user.name=Someone", "-c", "user.email=someone@example.com", "commit", "--quiet", "--message", "a project")
	return p
}

// buildJob stands for the job that builds the image; $BUILT is what it builds.
const buildJob = `
stages: [build, test, deploy]
build:
  stage: build
  inherit: {default: false}
  script: if [ -n "$BUILT" ]; then cp -r "$BUILT" image.tar; else mkdir image.tar; fi
  artifacts: {paths: [image.tar]}
deploy:
  stage: deploy
  inherit: {default: false}
  script: echo deployed
`

// alertOnly is a policy that blocks nothing.
const alertOnly = `version: 1
rules:
  - name: look only
    vulnerabilities: {critical: alert, high: alert, medium: alert, low: alert, negligible: alert, unknown: alert}
`

// includeFile includes the template.
const includeFile = "include: [{local: Layergate.gitlab-ci.yml}]\n"

// withInputs includes the component with inputs, a YAML map on one line.
func withInputs(inputs string) string {
	return "include: [{component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/scan@$CI_COMMIT_SHA, inputs: " + inputs + "}]\n"
}

func (p gitlabProject) git(t testing.TB, args ...string) {
	t.Helper()
	run(t, "git", append([]string{"-C", p.dir}, args...)...)
}

// needGitLab skips a test, or fails it in CI, without gitlab-ci-local.
func needGitLab(t testing.TB) {
	t.Helper()
	need(t, "git", "rsync")
	if _, err := os.Stat(npmPrograms + "/gitlab-ci-local"); err != nil {
		message := "gitlab-ci-local is missing: make install-deps"
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
}

const npmPrograms = "../../../.ci/tools/node_modules/.bin"

// gitlab runs gitlab-ci-local in the project, the programme under test and the
// right Node first in its PATH, and returns all that it prints. Nothing of this
// machine's own pipeline reaches it.
func (p gitlabProject) gitlab(t testing.TB, args ...string) (output string, err error) {
	t.Helper()
	tools, err := filepath.Abs(npmPrograms)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(tools, "gitlab-ci-local"), append(args, "--no-color",
		// The editor's schema refuses tags: []; GitLab does not.
		"--ignore-schema-paths", "#/definitions/tags/minItems")...)
	cmd.Dir = p.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "LAYERGATE_") || strings.HasPrefix(v, "CI") || strings.HasPrefix(v, "CS_") ||
			strings.HasPrefix(v, "DOCKER_") || strings.HasPrefix(v, "GITLAB_")
	})
	cmd.Env = append(cmd.Env, "HOME="+t.TempDir(), "TMPDIR="+p.temp,
		"PATH="+strings.Join([]string{filepath.Dir(programme), tools, os.Getenv("PATH")}, string(os.PathListSeparator)))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// gitlabRun is what became of a pipeline.
type gitlabRun struct {
	gitlabProject
	log    string
	jobs   map[string]string // PASS, WARN or FAIL; a job that did not run is not there
	failed bool
}

var jobLine = regexp.MustCompile(`(?m)^ (PASS|WARN|FAIL) +(\S+)`)

// run runs the project's pipeline with variables (NAME=VALUE), on this machine.
func (p gitlabProject) run(t testing.TB, variables ...string) gitlabRun {
	t.Helper()
	return p.runWith(t, variables, "--force-shell-executor", "--shell-isolation")
}

func (p gitlabProject) runWith(t testing.TB, variables []string, flags ...string) gitlabRun {
	t.Helper()
	log, err := p.gitlab(t, append(flags, set(variables)...)...)
	result := gitlabRun{gitlabProject: p, log: log, jobs: make(map[string]string), failed: err != nil}
	for _, m := range jobLine.FindAllStringSubmatch(log, -1) {
		result.jobs[m[2]] = m[1]
	}
	return result
}

// set is the flags that set variables.
func set(variables []string) (flags []string) {
	for _, v := range variables {
		flags = append(flags, "--variable", v)
	}
	return flags
}

// artifact is the path of a file that a job left behind.
func (p gitlabProject) artifact(job, file string) string {
	return filepath.Join(p.dir, ".gitlab-ci-local", "artifacts", job, file)
}

// gitlabJob is a job of a pipeline, as it is when all is included and filled in.
type gitlabJob struct {
	Stage     string
	Image     struct{ Name string }
	Tags      []string
	Artifacts struct {
		Reports map[string]string
		Expire  string `yaml:"expire_in"`
	}
}

func (p gitlabProject) job(t testing.TB, name string) (j gitlabJob) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, ".gitlab-ci-local", "expanded-gitlab-ci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]yaml.Node
	err = yaml.Unmarshal(text, &all)
	if node, ok := all[name]; ok && err == nil {
		err = node.Decode(&j)
	}
	if err != nil {
		t.Fatalf("the expanded pipeline: %v\n%s", err, text)
	}
	return j
}

// checkReports fails the test where a report that a job declares is not there or
// not of its format: GitLab would pass over it in silence.
func (p gitlabRun) checkReports(t testing.TB, job string) {
	t.Helper()
	declared := p.job(t, job).Artifacts.Reports
	want := []string{"annotations", "codequality", "container_scanning", "cyclonedx", "junit"}
	if got := slices.Sorted(maps.Keys(declared)); !slices.Equal(got, want) {
		t.Errorf("%s declares the reports %v, want %v", job, got, want)
	}
	for _, file := range declared {
		checkReport(t, p.artifact(job, file))
	}
}

func checkReport(t testing.TB, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		t.Errorf("a declared report is missing: %v", err)
	case strings.HasSuffix(file, ".json") && !json.Valid(text):
		t.Errorf("%s is no JSON: %.100s", file, text)
	case strings.HasSuffix(file, ".xml") && !bytes.Contains(text, []byte("<testsuite")):
		t.Errorf("%s is no JUnit: %.100s", file, text)
	}
}
