package cli

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// notesServer keeps the notes of merge requests, each of the one user that it
// knows, and what it was asked.
type notesServer struct {
	t *testing.T

	mu     sync.Mutex
	asked  []string // of each request: the token, the method and the address
	bodies []string
}

func (s *notesServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.asked = append(s.asked, token+" "+r.Method+" "+r.URL.EscapedPath())
	var sent struct{ Body string }
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			s.t.Error(err)
		}
	}
	note := func(i int) string {
		text, _ := json.Marshal(s.bodies[i])
		return fmt.Sprintf(`{"id":%d,"body":%s,"author":{"id":5}}`, i+1, text)
	}
	answer := `{"id":5}`
	switch {
	case strings.HasSuffix(r.URL.Path, "/user"):
	case r.Method == http.MethodPost:
		s.bodies = append(s.bodies, sent.Body)
		answer = note(len(s.bodies) - 1)
	case r.Method == http.MethodPut:
		var id int
		if _, err := fmt.Sscan(r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:], &id); err != nil {
			s.t.Error(err)
		}
		s.bodies[id-1] = sent.Body
		answer = note(id - 1)
	default:
		var notes []string
		for i := range s.bodies {
			notes = append(notes, note(i))
		}
		answer = "[" + strings.Join(notes, ",") + "]"
	}
	if _, err := fmt.Fprint(w, answer); err != nil {
		s.t.Error(err)
	}
}

// seen is what the server was asked, and what its notes are.
func (s *notesServer) seen() (asked, bodies []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked, s.bodies
}

// What a flag says goes before what the job's variables say, and of the tokens
// Layergate's own goes first.
func TestNoteFlagsGoFirst(t *testing.T) {
	s := &notesServer{t: t}
	server := httptest.NewServer(s)
	defer server.Close()
	env := map[string]string{
		"CI_API_V4_URL": "https://127.0.0.1:1/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "3",
		"LAYERGATE_GITLAB_TOKEN": "own", "GITLAB_TOKEN": "others",
	}
	other := passed()
	other.Image.Name = "registry.example.com/other:1"
	write := func(key string) string {
		r := passed()
		if key == "again" {
			key, r = "web", other // the key tells notes apart, not the image
		}
		code, stdout, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, r),
			"--api", server.URL+"/api/v4/", "--project", "group/app", "--merge-request", "9", "--key", key)
		if code != 0 {
			t.Fatalf("exit code %d, %s", code, stderr)
		}
		return stdout
	}
	for _, c := range [][2]string{{"web", "written note 1 "}, {"again", "updated note 1 "}, {"db", "written note 2 "}} {
		if got := write(c[0]); got != c[1]+"on merge request !9 of project group/app\n" {
			t.Errorf("%s: %q, want %q", c[0], got, c[1])
		}
	}
	asked, _ := s.seen()
	for _, a := range asked {
		if a != "own GET /api/v4/user" && !strings.HasPrefix(a, "own GET /api/v4/projects/group%2Fapp/merge_requests/9/notes") &&
			!strings.HasPrefix(a, "own POST /api/v4/projects/group%2Fapp/merge_requests/9/notes") &&
			a != "own PUT /api/v4/projects/group%2Fapp/merge_requests/9/notes/1" {
			t.Errorf("asks for %q", a)
		}
	}
}

// A number that is none is no reason to write nothing in silence.
func TestNoteOfNoNumber(t *testing.T) {
	env := map[string]string{"CI_API_V4_URL": "https://127.0.0.1:1/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "!3", "GITLAB_TOKEN": "x"}
	code, stdout, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, passed()))
	if code != 1 || stdout != "" || !strings.Contains(stderr, `$CI_MERGE_REQUEST_IID is "!3", which is no number`) {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

// A GitLab behind a proxy is asked through it.
func TestNoteThroughAProxy(t *testing.T) {
	s := &notesServer{t: t}
	proxy := httptest.NewServer(s)
	defer proxy.Close()
	env := map[string]string{"CI_API_V4_URL": "http://gitlab.invalid/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "3",
		"GITLAB_TOKEN": "x", "http_proxy": proxy.URL}
	code, stdout, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, passed()))
	if code != 0 || !strings.HasPrefix(stdout, "written note 1 ") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

// A GitLab of one's own authority is trusted if a flag or the job's variable
// says so, and not otherwise.
func TestNoteToAnOwnAuthority(t *testing.T) {
	server := httptest.NewTLSServer(&notesServer{t: t})
	defer server.Close()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flag, variable string
		want           ExitCode
	}{{authority, "", 0}, {"", authority, 0}, {authority, "none.pem", 0}, {"", "", 1}} {
		env := map[string]string{"CI_API_V4_URL": server.URL + "/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "12", "CI_MERGE_REQUEST_IID": "3",
			"GITLAB_TOKEN": "x", "CI_SERVER_TLS_CA_FILE": c.variable}
		code, _, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, passed()), "--ca-cert", c.flag)
		if code != c.want || c.want == 1 && !strings.Contains(stderr, "certificate") {
			t.Errorf("%+v: exit code %d, %q", c, code, stderr)
		}
	}
}

// What the job's variables and flags bring along is escaped, or left out.
func TestNoteOfHostileSettings(t *testing.T) {
	s := &notesServer{t: t}
	server := httptest.NewServer(s)
	defer server.Close()
	env := map[string]string{"CI_API_V4_URL": server.URL + "/api/v4", "CI_MERGE_REQUEST_PROJECT_ID": "a\x1b[2J", "CI_MERGE_REQUEST_IID": "3",
		"GITLAB_TOKEN": "x", "CI_COMMIT_SHA": "c0ffee1\n\n/close", "CI_PIPELINE_URL": "javascript:alert(1)"}
	code, stdout, stderr := run(t, t.Context(), env, nil, "note", "gitlab", resultFile(t, passed()))
	if code != 0 || strings.Contains(stdout+stderr, "\x1b") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	if _, bodies := s.seen(); len(bodies) != 1 || strings.Contains(bodies[0], "/close") || strings.Contains(bodies[0], "javascript:") {
		t.Errorf("the notes are %q", bodies)
	}
}
