package note

import (
	"strings"
	"testing"
)

// The oldest notes are read first, by when they were made: an update does not
// move ours to a later page. An API's address may end in a slash.
func TestWhatItAsksFor(t *testing.T) {
	g := newGitLab(t)
	m := g.start()
	m.API += "/"
	write(t, m, "shop", "text")
	const notes = "/api/v4/projects/group%2Fapp/merge_requests/7/notes"
	for i, want := range []string{"GET /api/v4/user", "GET " + notes + "?", "POST " + notes} {
		if len(g.requests) != 3 || !strings.HasPrefix(g.requests[i], want) {
			t.Fatalf("the requests are %q, want %q", g.requests, want)
		}
	}
	for _, want := range []string{"order_by=created_at", "sort=asc", "per_page=100", "page=1"} {
		if !strings.Contains(g.requests[1], want) {
			t.Errorf("no %s in %s", want, g.requests[1])
		}
	}
}

// An address may have a password in it. No error shows that.
func TestNoPasswordInErrors(t *testing.T) {
	m := MergeRequest{API: "http://me:hidden@127.0.0.1:1/api/v4", Project: "1", IID: 1, Token: "secret", Wait: noWait}
	_, err := m.Write(t.Context(), "", "")
	if err == nil || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Error(err)
	}
}
