package artifact

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/layergate/layergate/agent/internal/registry"
)

var now = time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)

func openOptions(folder string) OpenOptions {
	return OpenOptions{Options: options(), Cache: folder, Now: now}
}

// opened opens an index and says of what day it is.
func opened(t *testing.T, ref string, o OpenOptions) (*Opened, string) {
	t.Helper()
	x, err := Open(context.Background(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	found, err := x.Lookup("npm", "left-pad")
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	day := x.Info().Newest.Format(time.DateOnly)
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	return x, day
}

func down(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Retry-After", "3600") // longer than anyone waits
	w.WriteHeader(http.StatusServiceUnavailable)
	return true
}

func TestCache(t *testing.T) {
	s := newServer(t)
	first := s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	folder := filepath.Join(t.TempDir(), "indexes")
	ref, o := s.ref("a/index:1"), openOptions(folder)

	s.set(nil)
	x, day := opened(t, ref, o)
	if day != "2024-05-06" || x.Stale != nil || len(x.Warnings) > 0 || x.Location != ref+first[strings.Index(first, "@"):] {
		t.Errorf("the first time: %s, %+v", day, x)
	}
	if got := s.requests(); got != "HEAD manifests, GET manifests, GET blobs" {
		t.Errorf("the first time asks for %s", got)
	}
	s.set(nil)
	opened(t, ref, o)
	if got := s.requests(); got != "HEAD manifests" {
		t.Errorf("the second time asks for %s", got)
	}
	s.set(nil)
	opened(t, first, o)
	if got := s.requests(); got != "" {
		t.Errorf("a digest that is there asks for %s", got)
	}

	s.push(t, "a/index:1", indexOf(t, "2024-05-07"), nil)
	if _, day = opened(t, ref, o); day != "2024-05-07" {
		t.Errorf("after the tag moved: %s", day)
	}
	s.set(down)
	if x, day = opened(t, ref, o); day != "2024-05-07" || !registry.Is(x.Stale, registry.Unreachable) {
		t.Errorf("out of reach: %s, stale: %v", day, x.Stale)
	}
	if _, err := Open(context.Background(), s.ref("a/index:2"), o); err == nil || !strings.Contains(err.Error(), "there is no copy in the cache") {
		t.Errorf("out of reach and never seen: %v", err)
	}
	s.set(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/manifests/") {
			w.WriteHeader(http.StatusNotFound)
		}
		return strings.Contains(r.URL.Path, "/manifests/")
	})
	if _, err := Open(context.Background(), ref, o); !registry.Is(err, registry.Missing) {
		t.Errorf("a tag that is gone: %v", err)
	}

	// The tag goes back to the first index. By its digest it can be had.
	s.set(nil)
	s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	if _, err := Open(context.Background(), ref, o); err == nil || !strings.Contains(err.Error(), "is there (data of 2024-05-06 00:00") || !strings.Contains(err.Error(), first[strings.Index(first, "@"):]) {
		t.Errorf("a tag that went back: %v", err)
	}
	if _, day = opened(t, first, o); day != "2024-05-06" {
		t.Errorf("an older index by its digest: %s", day)
	}
}

// TestNoHead: some registries do not say a manifest's digest without sending it.
func TestNoHead(t *testing.T) {
	s := newServer(t)
	s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	o := openOptions(t.TempDir())
	noHead := func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
		}
		return r.Method == http.MethodHead
	}
	for _, want := range []string{"HEAD manifests, GET manifests, GET blobs", "HEAD manifests, GET manifests"} {
		s.set(noHead)
		if opened(t, s.ref("a/index:1"), o); s.requests() != want {
			t.Errorf("asked for %s, want %s", s.requests(), want)
		}
	}
}

// TestCachedSignatures: an index that came before anyone asked for a signature
// is not believed because it is in the cache, whether or not there is a registry.
func TestCachedSignatures(t *testing.T) {
	s := newServer(t)
	key, keys := newKey(t)
	_, others := newKey(t)
	s.push(t, "a/index:signed", indexOf(t, "2024-05-06"), key)
	s.push(t, "a/index:unsigned", indexOf(t, "2024-05-06"), nil)
	o := openOptions(t.TempDir())
	for _, tag := range []string{"signed", "unsigned"} {
		opened(t, s.ref("a/index:"+tag), o)
	}
	for _, spoil := range []func(http.ResponseWriter, *http.Request) bool{nil, down} {
		s.set(spoil)
		o.Keys = keys
		opened(t, s.ref("a/index:signed"), o)
		if _, err := Open(context.Background(), s.ref("a/index:unsigned"), o); err == nil || !strings.Contains(err.Error(), "is not signed") {
			t.Errorf("unsigned: %v", err)
		}
		o.Keys = others
		if _, err := Open(context.Background(), s.ref("a/index:signed"), o); err == nil || !strings.Contains(err.Error(), "signature is wrong") {
			t.Errorf("signed by another: %v", err)
		}
	}
}

// TestDamagedCache: what is not whole is fetched again, and not used if it
// can't be.
func TestDamagedCache(t *testing.T) {
	s := newServer(t)
	s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	ref, o := s.ref("a/index:1"), openOptions(t.TempDir())
	for suffix, damage := range map[string]func([]byte) []byte{
		".db":    func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		".db ":   func(b []byte) []byte { return b[:len(b)/2] },
		".json":  func(b []byte) []byte { return append(b, ' ') },
		".json ": func([]byte) []byte { return nil },
		".ref":   func(b []byte) []byte { return b[:10] },
	} {
		s.set(nil)
		opened(t, ref, o)
		names, err := filepath.Glob(filepath.Join(o.Cache, "*"+strings.TrimSpace(suffix)))
		if err != nil || len(names) != 1 {
			t.Fatal(names, err)
		}
		if err := os.WriteFile(names[0], damage([]byte(read(t, names[0]))), 0o600); err != nil {
			t.Fatal(err)
		}
		s.set(down)
		if _, err := Open(context.Background(), ref, o); err == nil || !strings.Contains(err.Error(), "there is no copy in the cache") {
			t.Errorf("%s damaged and out of reach: %v", suffix, err)
		}
		s.set(nil)
		opened(t, ref, o)
		s.set(nil)
		if opened(t, ref, o); strings.Contains(s.requests(), "GET") {
			t.Errorf("%s was damaged and is not whole again: asked for %s", suffix, s.requests())
		}
	}
}

func TestPrune(t *testing.T) {
	s := newServer(t)
	o := openOptions(t.TempDir())
	var refs []string
	for i, day := range []string{"2024-05-01", "2024-05-02", "2024-05-03", "2024-05-04", "2024-05-05", "2024-05-06"} {
		refs = append(refs, s.ref("a/index:"+day))
		s.push(t, "a/index:"+day, indexOf(t, day), nil)
		o.Now = now.Add(time.Duration(i) * time.Hour)
		opened(t, refs[i], o)
	}
	left := func(pattern string) int {
		names, err := filepath.Glob(filepath.Join(o.Cache, pattern))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	if left("*.json") != keptIndexes || left("*.db") != keptIndexes {
		t.Errorf("%d manifests and %d indexes are kept", left("*.json"), left("*.db"))
	}
	s.set(nil)
	if opened(t, refs[2], o); strings.Contains(s.requests(), "GET") {
		t.Errorf("the fourth newest is not there: asked for %s", s.requests())
	}

	// What is unfinished may be someone's who is at work; a day later it isn't.
	unfinished := filepath.Join(o.Cache, temporary+"1")
	if err := os.WriteFile(unfinished, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		age  time.Duration
		want int
	}{{time.Hour, 1}, {25 * time.Hour, 0}} {
		if err := os.Chtimes(unfinished, o.Now.Add(-tt.age), o.Now.Add(-tt.age)); err != nil {
			t.Fatal(err)
		}
		if opened(t, refs[2], o); left(temporary+"*") != tt.want {
			t.Errorf("an unfinished file of %s ago: %d are left", tt.age, left(temporary+"*"))
		}
	}
}

// TestNoCache: an index can be used where nothing can be kept.
func TestNoCache(t *testing.T) {
	s := newServer(t)
	s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for cache, warnings := range map[string]int{"": 0, filepath.Join(file, "indexes"): 1} {
		o := openOptions(cache)
		o.TempDir = t.TempDir()
		if x, day := opened(t, s.ref("a/index:1"), o); day != "2024-05-06" || len(x.Warnings) != warnings {
			t.Errorf("cache %q: %s, warnings %q", cache, day, x.Warnings)
		}
		only(t, o.TempDir)
		s.set(down)
		if _, err := Open(context.Background(), s.ref("a/index:1"), o); !registry.Is(err, registry.Unreachable) {
			t.Errorf("cache %q and out of reach: %v", cache, err)
		}
		s.set(nil)
	}
}

// TestSharedCache: scans at the same time, on an empty cache and while the tag
// moves, see whole indexes only.
func TestSharedCache(t *testing.T) {
	s := newServer(t)
	s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	newer := indexOf(t, "2024-05-07")
	o := openOptions(t.TempDir())
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 10 {
				x, err := Open(context.Background(), s.ref("a/index:1"), o)
				if err != nil {
					t.Error(err)
					continue
				}
				if err := errors.Join(x.Verify(), x.Close()); err != nil || len(x.Warnings) > 0 {
					t.Error(err, x.Warnings)
				}
			}
		})
	}
	s.push(t, "a/index:1", newer, nil)
	group.Wait()
	if _, day := opened(t, s.ref("a/index:1"), o); day != "2024-05-07" {
		t.Errorf("in the end: %s", day)
	}
	if left, err := filepath.Glob(filepath.Join(o.Cache, temporary+"*")); err != nil || len(left) > 0 {
		t.Errorf("unfinished files are left: %q, %v", left, err)
	}
}
