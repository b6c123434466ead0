package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestGitLabRules: which pipelines have the jobs. A push never starts two.
func TestGitLabRules(t *testing.T) {
	p := newProject(t, includeFile)
	branch := []string{"CI_COMMIT_BRANCH=feature", "CI_PIPELINE_SOURCE=push"}
	mergeRequest := []string{"CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_IID=12", "CI_COMMIT_BRANCH="}
	tag := []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_TAG=v1", "CI_COMMIT_BRANCH="}
	main := []string{"CI_PIPELINE_SOURCE=push", "CI_COMMIT_BRANCH=main"}
	const branchesOnly = "AST_ENABLE_MR_PIPELINES=false"
	for _, test := range []struct {
		name      string
		variables []string
		also      string
		want      bool
	}{
		{"a merge request", mergeRequest, "", true},
		{"the branch of a merge request", branch, "", false},
		{"the default branch", main, "", true},
		{"a schedule of the default branch", []string{"CI_PIPELINE_SOURCE=schedule"}, "", true},
		{"a tag", tag, "", true},
		{"a branch, without merge request pipelines", branch, branchesOnly, true},
		{"a merge request, without merge request pipelines", mergeRequest, branchesOnly, false},
		{"the default branch, without merge request pipelines", main, branchesOnly, true},
		{"disabled", mergeRequest, "LAYERGATE_DISABLED=true", false},
		{"disabled as GitLab's template is", main, "CONTAINER_SCANNING_DISABLED=1", false},
		{"not disabled", main, "CONTAINER_SCANNING_DISABLED=false", true},
	} {
		variables := slices.Clone(test.variables)
		if test.also != "" {
			variables = append(variables, test.also)
		}
		out, err := p.gitlab(t, append(set(variables), "--list-csv")...)
		if err != nil {
			t.Fatalf("%s: %v\n%s", test.name, err, out)
		}
		for _, job := range []string{scanJob, gateJob} {
			if got := strings.Contains(out, "\n"+job+";"); got != test.want {
				t.Errorf("%s: %s is there: %v, want %v\n%s", test.name, job, got, test.want, out)
			}
		}
	}
}

// TestGitLabInsteadOfItsTemplate: a project that used GitLab's template, with
// what its documentation shows, changes the include alone.
func TestGitLabInsteadOfItsTemplate(t *testing.T) {
	p := newProject(t, includeFile+`
default:
  image: ruby:3
  before_script: [exit 42]
variables:
  CS_SEVERITY_THRESHOLD: HIGH
  CS_QUIET: "true"
  SECURE_LOG_LEVEL: debug
container_scanning:
  variables:
    CS_DEFAULT_BRANCH_IMAGE: registry.example.com/team/shop:main
    CS_DOCKERFILE_PATH: shop/Dockerfile
    TRIVY_PLATFORM: linux/amd64
  before_script:
    - export CS_IMAGE=image.tar
`, "testdata/images/shop/Dockerfile", "shop/Dockerfile").run(t, "BUILT="+shop(t))
	if p.jobs[scanJob] != "PASS" || p.jobs[gateJob] != "FAIL" {
		t.Fatalf("the jobs are %v\n%s", p.jobs, p.log)
	}
	log := p.log[:strings.Index(p.log, "the gate")]
	if strings.Contains(log, "lodash") || !strings.Contains(log, "level=info") {
		t.Errorf("the log has the table, or is not longer:\n%s", log)
	}
	if !strings.Contains(log, "CS_SEVERITY_THRESHOLD, CS_IGNORE_UNFIXED and CS_IGNORE_STATUSES hide nothing here") {
		t.Errorf("the log does not say that the threshold does nothing:\n%s", log)
	}
	for file, want := range map[string]string{
		"gl-container-scanning-report.json": "registry.example.com/team/shop:main",
		"gl-code-quality-report.json":       `"shop/Dockerfile"`,
	} {
		text, err := os.ReadFile(p.artifact(scanJob, "layergate/"+file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s has no %s (%v)", file, want, err)
		}
	}
	if got := p.result(t).Verdict; got.ExitCode != 2 {
		t.Errorf("the threshold hides what blocks: %+v", got)
	}
}

// TestGitLabDocumentation: every pipeline that the documentation shows is one.
func TestGitLabDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/gitlab.md")
	if err != nil {
		t.Fatal(err)
	}
	pipelines := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(pipelines) < 2 {
		t.Fatalf("docs/gitlab.md shows %d pipelines", len(pipelines))
	}
	// What is fetched from another project is in this one.
	local := regexp.MustCompile(`project: security/layergate\n +ref: v1\n +file:`)
	scan := regexp.MustCompile(`component: \S+`)
	for _, m := range pipelines {
		p := newProject(t, includeFile)
		shown := scan.ReplaceAllString(local.ReplaceAllString(m[1], "local:"), "component: $$CI_SERVER_FQDN/$$CI_PROJECT_PATH/scan@$$CI_COMMIT_SHA")
		write(t, filepath.Join(p.dir, ".gitlab-ci.yml"), shown)
		out, err := p.gitlab(t, "--list")
		if err != nil || strings.Count(out, gateJob) == 0 {
			t.Errorf("gitlab-ci-local: %v\n%s\n%s", err, out, shown)
		}
	}
}
