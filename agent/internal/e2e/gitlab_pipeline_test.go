package e2e

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/result"
)

const (
	scanJob = "container_scanning"
	gateJob = "container_scanning_gate"
)

// TestGitLabVerdicts runs whole pipelines, with the template and with the
// component, over images that pass, alert and block, and over such as cannot be
// scanned: which jobs are green, and that every declared report is there.
func TestGitLabVerdicts(t *testing.T) {
	images := gitlabImages(t)
	both := func(scan, gate string) map[string]string {
		return map[string]string{"build": "PASS", scanJob: scan, gateJob: gate}
	}
	for _, test := range []struct {
		name, image string
		variables   []string
		want        map[string]string
		exitCode    int // in the result
	}{
		{name: "pass", image: images.clean, want: both("PASS", "PASS")},
		{name: "alert", image: shop(t), variables: []string{"LAYERGATE_POLICY=policy.yaml"}, want: both("PASS", "PASS")},
		{name: "block", image: shop(t), want: both("PASS", "FAIL"), exitCode: 2},
		{name: "block, but only warn", image: shop(t), variables: []string{"LAYERGATE_BLOCK=false"}, want: both("PASS", "WARN"), exitCode: 2},
		{name: "incomplete", image: images.gap, want: map[string]string{"build": "PASS", scanJob: "FAIL"}, exitCode: 1},
		{name: "broken", image: images.broken, want: map[string]string{"build": "PASS", scanJob: "FAIL"}, exitCode: 1},
		{name: "a policy that is not there", image: images.clean, variables: []string{"LAYERGATE_POLICY=nowhere.yaml"},
			want: map[string]string{"build": "PASS", scanJob: "FAIL"}, exitCode: 1},
	} {
		for name, how := range map[string]string{"include": includeFile, "component": withInputs("{image: image.tar}")} {
			t.Run(test.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				p := newProject(t, how).run(t, append(test.variables, "BUILT="+test.image, "LAYERGATE_IMAGE=image.tar")...)
				delete(p.jobs, "deploy") // gitlab-ci-local's view of allow_failure: exit_codes is not GitLab's
				if diff := cmp.Diff(test.want, p.jobs); diff != "" {
					t.Errorf("the jobs (-want +got):\n%s\n%s", diff, p.log)
				}
				if p.jobs[scanJob] == "FAIL" && !p.failed {
					t.Error("the pipeline is green, though the scan failed")
				}
				p.checkReports(t, scanJob)
				if got := p.result(t).Verdict.ExitCode; got != test.exitCode {
					t.Errorf("the result has exit code %d, want %d", got, test.exitCode)
				}
				if _, err := os.Stat(p.artifact(gateJob, "layergate/report.html")); p.jobs[gateJob] != "" && err != nil {
					t.Errorf("the gate does not show the page: %v", err)
				}
			})
		}
	}
}

// imageFiles are paths of images.
type imageFiles struct{ clean, gap, broken string }

// gitlabImages makes an image without findings, one of a distribution that
// nobody knows, and half an archive.
func gitlabImages(t testing.TB) imageFiles {
	t.Helper()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	nothing := entry{name: "var/lib/dpkg/status", content: "Package: nothing\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"}
	writeLayout(t, in("clean"), [][]entry{{nothing}})
	writeLayout(t, in("gap"), [][]entry{{nothing, {name: "etc/os-release", content: "ID=plan9\nVERSION_ID=4\n"}}})
	archive, err := os.ReadFile(shop(t))
	if err != nil {
		t.Fatal(err)
	}
	write(t, in("broken.tar"), string(archive[:len(archive)/2]))
	return imageFiles{in("clean"), in("gap"), in("broken.tar")}
}

// result is what the scan wrote.
func (p gitlabRun) result(t testing.TB) *result.Result {
	t.Helper()
	f, err := os.Open(p.artifact(scanJob, "layergate/result.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	defer f.Close()
	r, err := result.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGitLabAnnotation: the job's page links to the layer explorer, in the form
// that GitLab documents for artifacts:reports:annotations.
func TestGitLabAnnotation(t *testing.T) {
	p := newProject(t, includeFile).run(t, "LAYERGATE_IMAGE=image.tar", "BUILT="+gitlabImages(t).clean)
	text, err := os.ReadFile(p.artifact(scanJob, "layergate/annotations.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, p.log)
	}
	var got map[string][]struct {
		Link struct{ Label, URL string } `json:"external_link"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	links := got["Layergate"]
	if len(links) != 1 || links[0].Link.Label == "" ||
		!strings.HasPrefix(links[0].Link.URL, "https://gitlab.example.com/team/shop/-/jobs/") ||
		!strings.HasSuffix(links[0].Link.URL, "/artifacts/file/layergate/report.html") {
		t.Errorf("the annotations are %s", text)
	}
}

// TestGitLabInputs gives the component every input another value and looks at
// what becomes of each.
func TestGitLabInputs(t *testing.T) {
	p := newProject(t, withInputs(`{image: $BUILT, stage: deploy, job-prefix: web-, policy: policy.yaml, dockerfile: web/Dockerfile, `+
		`default-branch-image: "registry.example.com/shop:main", platform: linux/amd64, block: false, note: false, `+
		`scan-flags: "--verify --timeout 5m", report-folder: scan/web, expiry: 1 week, runner-tags: [docker], `+
		`agent-image: "registry.example.com/agent@sha256:`+strings.Repeat("0", 64)+`"}`),
		"testdata/images/shop/Dockerfile", "web/Dockerfile").run(t, "BUILT="+shop(t))
	want := map[string]string{"build": "PASS", "deploy": "PASS", "web-" + scanJob: "PASS", "web-" + gateJob: "PASS"}
	if !maps.Equal(p.jobs, want) {
		t.Errorf("the jobs are %v, want %v\n%s", p.jobs, want, p.log)
	}
	p.checkReports(t, "web-"+scanJob)
	for _, name := range []string{"web-" + scanJob, "web-" + gateJob} {
		job := p.job(t, name)
		got := []any{job.Stage, job.Image.Name, job.Tags, job.Artifacts.Expire}
		want := []any{"deploy", "registry.example.com/agent@sha256:" + strings.Repeat("0", 64), []string{"docker"}, "1 week"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	text, err := os.ReadFile(p.artifact("web-"+scanJob, "scan/web/gl-container-scanning-report.json"))
	if err != nil || !strings.Contains(string(text), "registry.example.com/shop:main") {
		t.Errorf("no finding has its default_branch_image (%v)", err)
	}
	if !strings.Contains(p.log, "policy.yaml") {
		t.Errorf("the log does not name the policy:\n%s", p.log)
	}
}

// TestGitLabTwoImages: the component twice in one pipeline; one may fail it.
func TestGitLabTwoImages(t *testing.T) {
	const at = "component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/scan@$CI_COMMIT_SHA"
	p := newProject(t, "include:\n"+
		"  - {"+at+", inputs: {job-prefix: web-, image: $WEB}}\n"+
		"  - {"+at+", inputs: {job-prefix: worker-, image: $WORKER, block: false, report-folder: worker}}\n").
		run(t, "WEB="+gitlabImages(t).clean, "WORKER="+shop(t))
	want := map[string]string{"build": "PASS", "deploy": "PASS", "web-" + scanJob: "PASS", "web-" + gateJob: "PASS",
		"worker-" + scanJob: "PASS", "worker-" + gateJob: "WARN"}
	if diff := cmp.Diff(want, p.jobs); diff != "" {
		t.Errorf("the jobs (-want +got):\n%s\n%s", diff, p.log)
	}
	p.checkReports(t, "web-"+scanJob)
	p.checkReports(t, "worker-"+scanJob)
}

// TestGitLabPinned: what a group's variables say goes before what the project
// writes into its pipeline.
func TestGitLabPinned(t *testing.T) {
	policy, err := filepath.Abs("../../../policies/default.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := newProject(t, withInputs("{image: $BUILT, policy: policy.yaml, block: false}")).
		run(t, "BUILT="+shop(t), "LAYERGATE_POLICY="+policy, "LAYERGATE_BLOCK=true")
	if p.jobs[gateJob] != "FAIL" || p.result(t).Policy.Location != policy {
		t.Errorf("the gate is %s, by the policy %s\n%s", p.jobs[gateJob], p.result(t).Policy.Location, p.log)
	}
}

// TestGitLabWrongInputs: GitLab refuses the pipeline before a job has begun.
func TestGitLabWrongInputs(t *testing.T) {
	for inputs, want := range map[string]string{
		`{block: "maybe"}`:      "`block` input: provided value is not a boolean",
		`{note: 1}`:             "`note` input: provided value is not a boolean",
		`{runner-tags: docker}`: "`runner-tags` input: provided value is not a array",
		`{image: [a, b]}`:       "`image` input: provided value is not a string",
		`{agent-image: "registry.example.com/a:1"}`: "`agent-image` input: `registry.example.com/a:1` does not match required regex",
		`{platform: "linux amd64"}`:                 "`platform` input: `linux amd64` does not match required regex",
		`{report-folder: "../elsewhere"}`:           "`report-folder` input: `../elsewhere` does not match required regex",
		`{job-prefix: "web/"}`:                      "`job-prefix` input: `web/` does not match required regex",
	} {
		out, err := newProject(t, withInputs(inputs)).gitlab(t, "--list")
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("inputs %s: %v, want %q\n%s", inputs, err, want, out)
		}
	}
}
