package fetch

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filled is a folder that was filled from the publishers.
func filled(t *testing.T) (*internet, string) {
	in := everything(t)
	folder := t.TempDir()
	f := open(t, folder)
	update(t, f, in.options(nil))
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return in, folder
}

// TestMirror: the folder that an update filled, served by any web server, is
// all that another update needs.
func TestMirror(t *testing.T) {
	in, source := filled(t)
	var mu sync.Mutex
	var asked []string
	files := http.FileServer(http.Dir(source))
	server := httptest.NewServer(http.StripPrefix("/advisories", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		files.ServeHTTP(w, r)
	})))
	defer server.Close()
	folder := t.TempDir()
	f := open(t, folder)
	o := Options{Mirror: server.URL + "/advisories/", Now: in.options(nil).Now}
	update(t, f, o)
	if diff := cmp.Diff(tree(t, source), tree(t, folder)); diff != "" {
		t.Errorf("the mirror and its copy (-mirror +copy):\n%s", diff)
	}
	asked = nil
	if outcomes := update(t, f, o); changed(outcomes) || len(asked) != 1 {
		t.Errorf("nothing changed, and %q was asked for: %+v", asked, outcomes)
	}
	// From the publishers again: what is the same stays.
	if outcomes := update(t, f, in.options(nil)); changed(outcomes) {
		t.Errorf("the publishers have what the mirror has, yet: %+v", outcomes)
	}
	// A part of what the mirror has.
	part := t.TempDir()
	update(t, open(t, part), Options{Mirror: server.URL + "/advisories", Sources: []string{"osv/npm", "kev"}})
	if diff := cmp.Diff([]string{"kev.json", "osv/npm/all.zip"}, paths(tree(t, part))); diff != "" {
		t.Errorf("a part (-want +got):\n%s", diff)
	}
}

// TestMirrorThatLies: a mirror can withhold, not forge, not write elsewhere
// and not go back.
func TestMirrorThatLies(t *testing.T) {
	_, source := filled(t)
	good, err := os.ReadFile(filepath.Join(source, stateFile))
	if err != nil {
		t.Fatal(err)
	}
	kevSum := sumOf(`{"count": 0}`)
	for _, c := range []struct{ name, old, new, want string }{
		{"another file than is listed", kevSum, sumOf("x"), "should have " + sumOf("x")},
		{"no sum", kevSum, "", `lists "kev.json"`},
		{"a path out of the folder", `"kev.json": {`, `"../kev.json": {`, `lists "../kev.json" as a file of kev`},
		{"an absolute path", `"kev.json": {`, `"/etc/kev.json": {`, `lists "/etc/kev.json"`},
		{"another source's path", `"kev.json": {`, `"debian-tracker2.json": {`, `lists "debian-tracker2.json"`},
		{"a hidden path", `"osv/npm/all.zip"`, `"osv/.npm/all.zip"`, `lists "osv/.npm/all.zip"`},
		{"another version", `"version": 1`, `"version": 2`, "of version 2"},
		{"not JSON", `{`, `<`, "invalid character"},
		{"an older archive", "csaf_vex_2026-11-14", "csaf_vex_2026-11-13", "older than the one that is there, of 2026-11-14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.ReplaceAll(string(good), c.old, c.new)
			if text == string(good) {
				t.Fatalf("%s has no %s", good, c.old)
			}
			served := t.TempDir()
			if err := os.CopyFS(served, os.DirFS(source)); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(served, stateFile), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.FileServer(http.Dir(served)))
			defer server.Close()
			folder := t.TempDir()
			if strings.Contains(c.name, "archive") {
				if err := os.CopyFS(folder, os.DirFS(source)); err != nil {
					t.Fatal(err)
				}
			}
			o := (&internet{}).options(nil)
			o.CACert, o.Env, o.Mirror = "", nil, server.URL
			outcomes, err := open(t, folder).Update(t.Context(), o)
			for _, out := range outcomes {
				err = oneOf(err, out.Err)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestMirrorAddress(t *testing.T) {
	for address, want := range map[string]string{
		"https://user:secret@mirror.example.com/": "LAYERGATE_MIRROR_TOKEN",
		"https://token@mirror.example.com/":       "LAYERGATE_MIRROR_TOKEN",
		"ftp://mirror.example.com/":               "want https://HOST/PATH",
		"mirror.example.com":                      "want https://HOST/PATH",
		"https://mirror.example.com/?a=b":         "want https://HOST/PATH",
		"https://user:se cret@%zz/":               "cannot be parsed",
		"http://mirror.example.com/":              "not sent over plain http",
	} {
		_, err := mirrorAddress(address, true)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v, want %s", address, err, want)
		}
	}
	for address, token := range map[string]bool{"https://a/b": true, "http://127.0.0.1:8/": true, "http://mirror": false} {
		if _, err := mirrorAddress(address, token); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestTokenStaysHome: the token goes to the mirror, and not to where the
// mirror sends us on.
func TestTokenStaysHome(t *testing.T) {
	_, source := filled(t)
	files := http.FileServer(http.Dir(source))
	var elsewhere []string
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere = append(elsewhere, r.Header.Get("Authorization"))
		files.ServeHTTP(w, r)
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t0ken" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if r.URL.Path == "/kev.json" {
			http.Redirect(w, r, other.URL+r.URL.Path, http.StatusFound)
			return
		}
		files.ServeHTTP(w, r)
	}))
	defer server.Close()
	update(t, open(t, t.TempDir()), Options{Mirror: server.URL, MirrorToken: "t0ken", Sources: []string{"kev", "debian"}})
	if diff := cmp.Diff([]string{""}, elsewhere); diff != "" {
		t.Errorf("what the other host was told (-want +got):\n%s", diff)
	}
	_, err := open(t, t.TempDir()).Update(t.Context(), Options{Mirror: server.URL})
	if err == nil || !strings.Contains(err.Error(), "LAYERGATE_MIRROR_TOKEN") || strings.Contains(err.Error(), "t0ken") {
		t.Errorf("without the token: %v", err)
	}
}

func TestMirrorWithoutAList(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	_, err := open(t, t.TempDir()).Update(t.Context(), Options{Mirror: server.URL})
	if err == nil || !strings.Contains(err.Error(), "a mirror is a folder that layergate db update has filled") {
		t.Errorf("error %v", err)
	}
}

// TestMirrorWithoutTLS: works, with a word about it; this machine is no network.
func TestMirrorWithoutTLS(t *testing.T) {
	in, source := filled(t)
	files := http.FileServer(http.Dir(source))
	for _, p := range []string{"/kev.json", "/" + stateFile} {
		in.set("mirror.example.com"+p, files.ServeHTTP)
	}
	var warned []string
	o := in.options(nil).only("kev")
	o.Mirror = "http://mirror.example.com"
	o.Warn = func(m string) { warned = append(warned, m) }
	update(t, open(t, t.TempDir()), o)
	if len(warned) != 1 || !strings.Contains(warned[0], "plain http") {
		t.Errorf("said: %q", warned)
	}
	local := httptest.NewServer(files)
	defer local.Close()
	warned = nil
	o.Mirror = local.URL
	if update(t, open(t, t.TempDir()), o); len(warned) != 0 {
		t.Errorf("said of a mirror on this machine: %q", warned)
	}
}
