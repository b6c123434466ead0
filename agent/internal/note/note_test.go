package note

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func noWait(context.Context, time.Duration) error { return nil }

func newGitLab(t *testing.T) *gitlab {
	return &gitlab{t: t, users: map[string]int64{"good": 1}}
}

func write(t *testing.T, m MergeRequest, key, text string) Written {
	t.Helper()
	w, err := m.Write(t.Context(), key, text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWrittenOnceThenUpdated(t *testing.T) {
	for name, hidden := range map[string]bool{"with X-Next-Page": false, "without it": true} {
		t.Run(name, func(t *testing.T) {
			g := newGitLab(t)
			g.hidden = hidden
			m := g.start()
			g.talk(perPage, "lgtm") // a page that is exactly full
			first := write(t, m, "shop", "one")
			g.talk(3*perPage, "still lgtm")
			second := write(t, m, "shop", "two")
			if !first.Created || second.Created || first.ID != second.ID {
				t.Errorf("%+v, then %+v", first, second)
			}
			if got, want := g.notes[perPage].Body, mark("shop")+"two"; got != want {
				t.Errorf("the note is %q, want %q", got, want)
			}
			if len(g.notes) != 4*perPage+1 {
				t.Errorf("%d notes", len(g.notes))
			}
		})
	}
}

func TestEachKeyHasANote(t *testing.T) {
	g := newGitLab(t)
	m := g.start()
	for _, key := range []string{"web", "db", "web", "db --> /close", "web", "db --> /close"} {
		write(t, m, key, "about "+key)
	}
	if len(g.notes) != 3 {
		t.Fatalf("%d notes", len(g.notes))
	}
	if strings.Contains(strings.Split(g.notes[2].Body, "\n")[0], "close") {
		t.Errorf("a key gets into the mark: %q", g.notes[2].Body)
	}
}

// What others write is never overwritten, whatever mark it carries; nor is
// GitLab's own.
func TestTheAuthorCounts(t *testing.T) {
	g := newGitLab(t)
	m := g.start()
	g.talk(1, mark("shop")+"forged")
	system := answer{ID: 2, Body: mark("shop"), System: true}
	system.Author.ID = 1
	g.notes = append(g.notes, system)
	quoting := answer{ID: 3, Body: "> " + mark("shop")}
	quoting.Author.ID = 1
	g.notes = append(g.notes, quoting)
	if w := write(t, m, "shop", "ours"); !w.Created || w.ID != 4 {
		t.Errorf("%+v", w)
	}
}

func TestBusyAndBroken(t *testing.T) {
	for name, failures := range map[string][]failure{
		"busy":                      {{status: 429, header: http.Header{"Retry-After": {"3"}}}, {status: 503}},
		"breaks while it is read":   {{method: "GET", status: 502}, {method: "GET", status: 500}},
		"breaks before the note is": {{method: "POST", status: 500}},
		"breaks after the note is":  {{method: "POST", status: 502, after: true}},
		"breaks at each step":       {{method: "GET", status: 500}, {method: "POST", status: 500}, {method: "GET", status: 504}, {method: "POST", status: 502, after: true}, {method: "PUT", status: 503}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGitLab(t)
			m := g.start()
			g.failures = failures
			write(t, m, "shop", "text")
			if len(g.notes) != 1 || g.notes[0].Body != mark("shop")+"text" {
				t.Errorf("notes: %+v", g.notes)
			}
			if len(g.failures) != 0 {
				t.Errorf("not all failures were met: %+v", g.failures)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	always := func(f failure) []failure {
		var list []failure
		for range 50 {
			list = append(list, f)
		}
		return list
	}
	for name, c := range map[string]struct {
		failures []failure
		token    string
		project  string
		want     string
		requests int // at most
	}{
		"wrong token":       {nil, "secret-but-wrong", project, "answered 401 Unauthorized: the token is wrong or has expired", 1},
		"too little right":  {always(failure{method: "POST", status: 403}), "good", project, "writing a note on merge request !7: ", 3},
		"no such project":   {nil, "good", "other", "404 Not Found: there is no such merge request", 2},
		"busy for good":     {always(failure{status: 429}), "good", project, "429 Too Many Requests: too many requests, each time", 4},
		"busy for an hour":  {always(failure{status: 429, header: http.Header{"Retry-After": {"3600"}}}), "good", project, `asks to wait for "3600" seconds`, 1},
		"broken for good":   {always(failure{status: 500}), "good", project, "asking GitLab whose token it is: ", 4},
		"no note is taken":  {always(failure{method: "POST", status: 500}), "good", project, "500 Internal Server Error: GitLab fails", 7},
		"leads elsewhere":   {[]failure{{status: 301, header: http.Header{"Location": {"https://evil.example/"}}}}, "good", project, "leads on to https://evil.example/", 1},
		"answers something": {[]failure{{status: 200}}, "good", project, "the answer names no user", 1},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGitLab(t)
			m := g.start()
			m.Token, m.Project, g.failures = c.token, c.project, c.failures
			_, err := m.Write(t.Context(), "shop", "text")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the token: %v", err)
			}
			if len(g.requests) > c.requests {
				t.Errorf("%d requests, want at most %d: %q", len(g.requests), c.requests, g.requests)
			}
		})
	}
}

func TestNoServer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	m := MergeRequest{API: server.URL, Project: "1", IID: 1, Token: "secret", Wait: noWait}
	_, err := m.Write(t.Context(), "", "")
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestNotGitLab(t *testing.T) {
	for _, page := range []string{"<html>sign in</html>", "[]", `{"id":"x"}`, ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.Write([]byte(page)); err != nil {
				t.Error(err)
			}
		}))
		m := MergeRequest{API: server.URL, Project: "1", IID: 1, Token: "secret", Wait: noWait}
		if _, err := m.Write(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), "not what GitLab's API answers") {
			t.Errorf("%q: %v", page, err)
		}
		server.Close()
	}
}

func TestEndlessNotes(t *testing.T) {
	pages := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := `[{"id":1,"body":"x"}]`
		if strings.HasSuffix(r.URL.Path, "/user") {
			body = `{"id":1}`
		}
		pages++
		w.Header().Set("X-Next-Page", "2")
		if _, err := w.Write([]byte(body)); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	m := MergeRequest{API: server.URL, Project: "1", IID: 1, Token: "x", Wait: noWait}
	if _, err := m.Write(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), "more than 10000") || pages > maxPages+1 {
		t.Errorf("%d requests, %v", pages, err)
	}
}

// A note that someone deletes between the look and the update is written anew.
func TestDeletedMeanwhile(t *testing.T) {
	g := newGitLab(t)
	m := g.start()
	write(t, m, "shop", "one")
	g.gone = true
	if w := write(t, m, "shop", "two"); !w.Created || len(g.notes) != 1 || g.notes[0].Body != mark("shop")+"two" {
		t.Errorf("%+v, %+v", w, g.notes)
	}
	g.failures = []failure{{method: "PUT", status: 404}, {method: "PUT", status: 404}, {method: "PUT", status: 404}}
	if _, err := m.Write(t.Context(), "shop", "three"); err == nil || !strings.HasPrefix(err.Error(), "updating the note on merge request !7: ") {
		t.Errorf("a server that never finds it: %v", err)
	}
}

// An answer that names no note is no note.
func TestNoNoteMade(t *testing.T) {
	for _, method := range []string{http.MethodPost, http.MethodPut} {
		g := newGitLab(t)
		m := g.start()
		if method == http.MethodPut {
			write(t, m, "shop", "one")
		}
		g.failures = []failure{{method: method, status: http.StatusAccepted}}
		if w, err := m.Write(t.Context(), "shop", "two"); err == nil || !strings.Contains(err.Error(), "the answer names no note") {
			t.Errorf("%s: %+v, %v", method, w, err)
		}
	}
}
