package note

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// gitlab is a server that behaves as the documented API of notes does: offset
// pages with X-Next-Page, the oldest first when asked so, tokens of users, and
// the statuses that it is told to give. It stands for a GitLab, which cannot be
// had here.
type gitlab struct {
	t      *testing.T
	users  map[string]int64 // by token
	gone   bool             // the next update finds no notes any more
	hidden bool             // pages come without X-Next-Page, as some proxies leave them

	mu       sync.Mutex
	notes    []answer
	failures []failure
	requests []string
}

// failure is what the next request that fits is answered with.
type failure struct {
	method string // "" fits all
	status int
	header http.Header
	after  bool // the request takes effect all the same
}

const project, iid = "group/app", 7

func (g *gitlab) start() MergeRequest {
	server := httptest.NewServer(g)
	g.t.Cleanup(server.Close)
	return MergeRequest{API: server.URL + "/api/v4", Project: project, IID: iid, Token: "good", Wait: noWait}
}

func (g *gitlab) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests = append(g.requests, r.Method+" "+r.URL.RequestURI())
	fail := g.fails(r.Method)
	if fail != nil {
		if fail.after {
			g.serve(httptest.NewRecorder(), r)
		}
		for k, v := range fail.header {
			w.Header()[k] = v
		}
		w.WriteHeader(fail.status)
		fmt.Fprint(w, `{"message":"no"}`)
		return
	}
	g.serve(w, r)
}

func (g *gitlab) fails(method string) *failure {
	for i, f := range g.failures {
		if f.method == "" || f.method == method {
			g.failures = append(g.failures[:i:i], g.failures[i+1:]...)
			return &f
		}
	}
	return nil
}

func (g *gitlab) serve(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	me, known := g.users[token]
	if !known {
		http.Error(w, `{"message":"401 Unauthorized"}`, http.StatusUnauthorized)
		return
	}
	notes := fmt.Sprintf("/api/v4/projects/%s/merge_requests/%d/notes", strings.ReplaceAll(project, "/", "%2F"), iid)
	switch path := r.URL.EscapedPath(); {
	case r.Method == http.MethodGet && path == "/api/v4/user":
		g.answer(w, http.StatusOK, map[string]any{"id": me, "username": "bot"})
	case r.Method == http.MethodGet && path == notes:
		g.list(w, r)
	case r.Method == http.MethodPost && path == notes:
		n := answer{ID: int64(len(g.notes) + 1), Body: g.body(r)}
		n.Author.ID = me
		g.notes = append(g.notes, n)
		g.answer(w, http.StatusCreated, n)
	case r.Method == http.MethodPut && strings.HasPrefix(path, notes+"/"):
		g.change(w, r, strings.TrimPrefix(path, notes+"/"), me)
	default:
		http.Error(w, `{"message":"404 Not found"}`, http.StatusNotFound)
	}
}

func (g *gitlab) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page, err := strconv.Atoi(q.Get("page"))
	size, err2 := strconv.Atoi(q.Get("per_page"))
	if err != nil || err2 != nil || size > 100 || q.Get("sort") != "asc" {
		g.t.Errorf("asks for %s", r.URL)
	}
	from, to := min((page-1)*size, len(g.notes)), min(page*size, len(g.notes))
	if !g.hidden {
		next := ""
		if to < len(g.notes) {
			next = strconv.Itoa(page + 1)
		}
		w.Header().Set("X-Next-Page", next)
	}
	g.answer(w, http.StatusOK, g.notes[from:to])
}

func (g *gitlab) change(w http.ResponseWriter, r *http.Request, id string, me int64) {
	if g.gone {
		g.gone, g.notes = false, nil
	}
	for i := range g.notes {
		n := &g.notes[i]
		if strconv.FormatInt(n.ID, 10) != id {
			continue
		}
		if n.Author.ID != me {
			http.Error(w, `{"message":"403 Forbidden"}`, http.StatusForbidden)
			return
		}
		n.Body = g.body(r)
		g.answer(w, http.StatusOK, n)
		return
	}
	http.Error(w, `{"message":"404 Not found"}`, http.StatusNotFound)
}

func (g *gitlab) body(r *http.Request) string {
	var sent struct{ Body string }
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || r.Header.Get("Content-Type") != "application/json" {
		g.t.Errorf("%s %s: body: %v", r.Method, r.URL, err)
	}
	return sent.Body
}

func (g *gitlab) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		g.t.Error(err)
	}
}

// talk adds notes of somebody else.
func (g *gitlab) talk(n int, body string) {
	for range n {
		note := answer{ID: int64(len(g.notes) + 1), Body: body}
		note.Author.ID = 99
		g.notes = append(g.notes, note)
	}
}
