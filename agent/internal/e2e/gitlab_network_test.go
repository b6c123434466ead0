package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// TestGitLabCredentials scans an image of a real registry that wants to know
// who asks, with each of the variables that GitLab has for that. The password
// is in no log and no artifact, and nothing of it stays on the machine.
func TestGitLabCredentials(t *testing.T) {
	need(t, "docker-registry", "skopeo")
	const user, password = "robot-shop", `pass "word" \ 'it`
	server := privateRegistry(t, user, password)
	push := func(name string) {
		run(t, "skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", "--dest-creds", user+":"+password,
			"oci:"+gitlabImages(t).clean, "docker://"+server+"/"+name)
	}
	push("shop:1")
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	both := "_USER=" + user + "\n_PASSWORD=" + password
	for _, test := range []struct {
		name, variables string // one a line
		want            string
	}{
		{"CS_REGISTRY_USER", "CS_IMAGE=" + server + "/shop:1\n" + strings.ReplaceAll(both, "_", "CS_REGISTRY_"), "PASS"},
		{"CI_REGISTRY_USER", "CS_IMAGE=" + server + "/shop:1\nCI_REGISTRY=" + server + "\n" + strings.ReplaceAll(both, "_", "CI_REGISTRY_"), "PASS"},
		{"CI_REGISTRY_USER is for GitLab's registry only", "CS_IMAGE=" + server + "/shop:1\nCI_REGISTRY=registry.example.com\n" + strings.ReplaceAll(both, "_", "CI_REGISTRY_"), "FAIL"},
		{"DOCKER_AUTH_CONFIG", "CS_IMAGE=" + server + "/shop:1\n" + `DOCKER_AUTH_CONFIG={"auths":{"` + server + `":{"auth":"` + auth + `"}}}`, "PASS"},
		{"a wrong password", "CS_IMAGE=" + server + "/shop:1\nCS_REGISTRY_USER=" + user + "\nCS_REGISTRY_PASSWORD=other", "FAIL"},
		{"nobody", "CS_IMAGE=" + server + "/shop:1", "FAIL"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newProject(t, includeFile).run(t, strings.Split(test.variables, "\n")...)
			if p.jobs[scanJob] != test.want {
				t.Errorf("the scan is %s, want %s\n%s", p.jobs[scanJob], test.want, p.log)
			}
			p.checkReports(t, scanJob)
			if test.want == "FAIL" && !strings.Contains(p.log, "docker login "+server) {
				t.Errorf("the log does not say what to do:\n%s", p.log)
			}
			p.checkSecret(t, password, auth)
		})
	}
	t.Run("the image that GitLab's template scans", func(t *testing.T) {
		p := newProject(t, includeFile)
		commit := run(t, "git", "-C", p.dir, "rev-parse", "HEAD")
		push("team/shop/main:" + commit)
		got := p.run(t, append(strings.Split(strings.ReplaceAll(both, "_", "CI_REGISTRY_"), "\n"),
			"CI_REGISTRY="+server, "CI_REGISTRY_IMAGE="+server+"/team/shop")...)
		if r := got.result(t); got.jobs[scanJob] != "PASS" || r.Image.Name != server+"/team/shop/main:"+commit {
			t.Errorf("the scan of %s is %s\n%s", r.Image.Name, got.jobs[scanJob], got.log)
		}
	})
}

// privateRegistry is a real registry that lets one user in.
func privateRegistry(t testing.TB, user, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "htpasswd")
	write(t, file, user+":"+string(hash)+"\n")
	return registry(t, fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s}}", file))
}

// checkSecret fails the test where one of the secrets is in the log, in an
// artifact, or in a file that a job left in the folder of temporary files.
func (p gitlabRun) checkSecret(t testing.TB, secrets ...string) {
	t.Helper()
	for _, dir := range []string{p.temp, filepath.Join(p.dir, ".gitlab-ci-local", "artifacts")} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			for _, secret := range secrets {
				if strings.Contains(string(text), secret) {
					t.Errorf("%s has the secret %q", path, secret)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, secret := range secrets {
		if strings.Contains(p.log, secret) {
			t.Errorf("the log has the secret %q", secret)
		}
	}
}

// TestGitLabNote: a merge request's pipeline writes a note, also if the scan is
// incomplete, and never depends on it.
func TestGitLabNote(t *testing.T) {
	images := gitlabImages(t)
	for _, test := range []struct {
		name, image, token string
		status             int // that the server answers with to a new note
		variables          []string
		scan               string
		want               string // in the log
		written            bool
	}{
		{name: "written", image: shop(t), token: "secret-1", status: http.StatusCreated, scan: "PASS", want: "written note 7 on merge request !12", written: true},
		{name: "incomplete", image: images.gap, token: "secret-1", status: http.StatusCreated, scan: "FAIL", want: "written note 7", written: true},
		{name: "refused", image: images.clean, token: "secret-1", status: http.StatusForbidden, scan: "PASS", want: "the gate does not depend on it"},
		{name: "a fork has no token", image: images.clean, scan: "PASS", want: "no note was written: there is no token"},
		{name: "not wanted", image: images.clean, token: "secret-1", status: http.StatusCreated, variables: []string{"LAYERGATE_NOTE=false"}, scan: "PASS"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var written string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.Method + " " + r.URL.Path {
				case "GET /api/v4/user":
					fmt.Fprint(w, `{"id": 1}`)
				case "GET /api/v4/projects/5/merge_requests/12/notes":
					fmt.Fprint(w, `[]`)
				case "POST /api/v4/projects/5/merge_requests/12/notes":
					var note struct{ Body string }
					if err := json.NewDecoder(r.Body).Decode(&note); err != nil {
						t.Error(err)
					}
					written = note.Body
					w.WriteHeader(test.status)
					fmt.Fprint(w, `{"id": 7}`)
				default:
					t.Errorf("%s %s", r.Method, r.URL)
				}
			}))
			defer server.Close()
			p := newProject(t, includeFile).run(t, append(test.variables, "BUILT="+test.image, "LAYERGATE_IMAGE=image.tar",
				"CI_PIPELINE_SOURCE=merge_request_event", "CI_MERGE_REQUEST_IID=12", "CI_MERGE_REQUEST_PROJECT_ID=5",
				"CI_API_V4_URL="+server.URL+"/api/v4", "LAYERGATE_GITLAB_TOKEN="+test.token)...)
			if p.jobs[scanJob] != test.scan || !strings.Contains(p.log, test.want) {
				t.Errorf("the scan is %s, want %s and %q\n%s", p.jobs[scanJob], test.scan, test.want, p.log)
			}
			server.Close() // it writes no more
			if test.written && !strings.Contains(written, "/artifacts/file/layergate/report.html") {
				t.Errorf("the note does not link to the page:\n%s", written)
			}
			if test.name == "not wanted" && written != "" {
				t.Error("a note was written")
			}
			p.checkSecret(t, "secret-1")
		})
	}
}
