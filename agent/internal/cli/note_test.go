package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// resultFile writes a result to a file.
func resultFile(t *testing.T, r *result.Result) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "result.json")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := result.Write(f, r); err != nil {
		t.Fatal(err)
	}
	return path
}

func passed() *result.Result {
	return &result.Result{SchemaVersion: result.SchemaVersion, Image: result.Image{Name: "registry.example.com/shop:1"},
		Verdict: result.Verdict{Action: finding.Pass, Reasons: []string{"nothing was found"}}}
}

func TestNoteGitLab(t *testing.T) {
	var posted struct{ Body string }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-1" {
			t.Errorf("%s %s comes with %q", r.Method, r.URL, r.Header.Get("Authorization"))
		}
		body := `[]`
		switch {
		case r.URL.Path == "/api/v4/user":
			body = `{"id":5}`
		case r.Method == http.MethodPost && r.URL.Path == "/api/v4/projects/12/merge_requests/3/notes":
			body = `{"id":77}`
			if err := json.NewDecoder(r.Body).Decode(&posted); err != nil {
				t.Error(err)
			}
		}
		if _, err := fmt.Fprint(w, body); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	env := map[string]string{
		"CI_API_V4_URL": server.URL + "/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "3", "LAYERGATE_GITLAB_TOKEN": "token-1\n",
		"CI_PIPELINE_URL": "https://gitlab.example.com/p/-/pipelines/9", "CI_COMMIT_SHA": strings.Repeat("ab", 20),
	}
	code, stdout, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, passed()), "--page", "https://pages.example.com/r.html")
	if code != 0 || stdout != "written note 77 on merge request !3 of project 12\n" || stderr != "" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	for _, want := range []string{"<!-- layergate ", "nothing was found", "[layer explorer](https://pages.example.com/r.html)",
		"[pipeline](https://gitlab.example.com/p/-/pipelines/9)", "commit " + env["CI_COMMIT_SHA"]} {
		if !strings.Contains(posted.Body, want) {
			t.Errorf("the note does not have %q:\n%s", want, posted.Body)
		}
	}
}

// Where there is nowhere to write, one line says why, and the job goes on.
func TestNoteGitLabWithoutToken(t *testing.T) {
	for want, env := range map[string]map[string]string{
		"there is no token in $LAYERGATE_GITLAB_TOKEN": {"CI_API_V4_URL": "https://127.0.0.1:1/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "3", "CI_JOB_TOKEN": "job"},
		"this is no merge request's pipeline":          {"CI_API_V4_URL": "https://127.0.0.1:1/api/v4", "GITLAB_TOKEN": "x"},
	} {
		code, stdout, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, passed()))
		if code != 0 || stdout != "" || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, want) {
			t.Errorf("exit code %d, %q, %q; want %q", code, stdout, stderr, want)
		}
	}
}

func TestNoteGitLabErrors(t *testing.T) {
	for want, args := range map[string][]string{
		"which GitLab and project?":        {"--merge-request", "3"},
		`"gitlab" is no address of an API`: {"--merge-request", "3", "--project", "a/b", "--api", "gitlab"},
		"reading --ca-cert":                {"--merge-request", "3", "--project", "a/b", "--api", "https://127.0.0.1:1", "--ca-cert", "none.pem"},
		"asking GitLab whose token it is":  {"--merge-request", "3", "--project", "a/b", "--api", "https://127.0.0.1:1"},
	} {
		env := map[string]string{"GITLAB_TOKEN": "secret"}
		code, _, stderr := run(t, t.Context(), env, nil, append([]string{"note", "gitlab", resultFile(t, passed())}, args...)...)
		if code != 1 || !strings.Contains(stderr, want) || strings.Contains(stderr, "secret") {
			t.Errorf("%q: exit code %d, %q; want %q", args, code, stderr, want)
		}
	}
}

// What a job's variables bring into a note cannot be more than a link.
func TestWebAddress(t *testing.T) {
	for in, want := range map[string]string{
		"https://gitlab.example.com/a/-/jobs/1": "https://gitlab.example.com/a/-/jobs/1",
		"javascript:alert(1)":                   "",
		"https://a.example/) [x](https://b/":    "",
		"https://user:pass@a.example/":          "",
		"https://a.example/\n/close":            "",
		"":                                      "",
	} {
		if got := webAddress(in); got != want {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestRepository(t *testing.T) {
	for name, want := range map[string]string{
		"registry.corp:5000/shop/web:1.2": "registry.corp:5000/shop/web", "registry.corp:5000/shop/web": "registry.corp:5000/shop/web",
		"docker-archive:a.tar": "a.tar", "docker-archive:out/b.tar": "out/b.tar", "registry:registry:5000/shop/web:1.2": "registry:5000/shop/web",
		"shop@sha256:00": "shop", "shop:1@sha256:00": "shop", "shop.tar": "shop.tar", "": "",
	} {
		if got := repository(result.Image{Name: name}); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
