package artifact

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPushFaults: a push that fails leaves no tag behind.
func TestPushFaults(t *testing.T) {
	s := newServer(t)
	index := indexOf(t, "2024-05-06")
	at := func(method string, answer http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == method {
				answer(w, r)
			}
			return r.Method == method
		}
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(code)
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not notice that the client goes
		<-r.Context().Done()
	}
	for fault, tt := range map[string]struct {
		spoil func(http.ResponseWriter, *http.Request) bool
		want  string
	}{
		"not allowed": {at("POST", status(403)), "does not let this user push"},
		"busy":        {at("POST", status(429)), "limits the pulls"},
		"broken":      {at("PATCH", status(507)), "answered 507"},
		"refused":     {at("PUT", status(400)), "answered 400"},
		"silent":      {at("PATCH", silent), "went silent"},
	} {
		o := PushOptions{Registry: options().Registry}
		o.Registry.Stall = 100 * time.Millisecond
		s.set(tt.spoil)
		_, _, err := Push(context.Background(), s.ref("a/index:"+fault[:3]), index, o)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", fault, err, tt.want)
		}
		s.set(nil)
		if _, err := Pull(context.Background(), s.ref("a/index:"+fault[:3]), filepath.Join(t.TempDir(), "x"), PullOptions{Options: options()}); err == nil {
			t.Errorf("%s: and yet it is there", fault)
		}
	}
}

func TestPushWhatIsNoIndex(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "index.db")
	data := []byte(read(t, indexOf(t, "2024-05-06")))
	data[len(data)/2] ^= 1
	if err := os.WriteFile(broken, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	for path, want := range map[string]string{"artifact.go": "not an advisory index", "missing.db": "no such file", broken: "damaged"} {
		if _, _, err := Push(context.Background(), s.ref("a/index:1"), path, PushOptions{Registry: options().Registry}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if s.requests() != "" {
		t.Errorf("asked for %s", s.requests())
	}
}
