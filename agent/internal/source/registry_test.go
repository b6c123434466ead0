package source

import (
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

var quiet = log.New(io.Discard, "", 0)

func tlsServer(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

type anonymous struct{}

func (anonymous) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

// answer is a registry that gives every request but the first hello a status.
func answer(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			w.WriteHeader(status)
		}
	})
}

func TestRegistryErrors(t *testing.T) {
	t.Parallel() // it waits for the retries after a 429
	plain := func(h http.Handler) string {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		return strings.TrimPrefix(s.URL, "http://")
	}
	secure := tlsServer(t, answer(404))
	for name, tt := range map[string]struct{ host, want string }{
		"401":          {plain(answer(401)), "docker login 127.0.0.1"},
		"403":          {plain(answer(403)), "does not let this user pull"},
		"404":          {plain(answer(404)), "has no image"},
		"429":          {plain(answer(429)), "limits the pulls"},
		"unreachable":  {freeAddress(t), "cannot be reached"},
		"no TLS trust": {strings.TrimPrefix(secure.URL, "https://"), "is not trusted"},
	} {
		_, err := Open(context.Background(), "registry:"+tt.host+"/shop:1.0", Options{Keychain: anonymous{}})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", name, err, tt.want)
		}
	}
}

// What is trusted for one host is trusted for no other.
func TestTrustIsForOneHost(t *testing.T) {
	reg := registry.New(registry.Logger(quiet))
	s := tlsServer(t, reg)
	host := strings.TrimPrefix(s.URL, "https://")
	push(t, host+"/shop:1.0", remote.WithTransport(s.Client().Transport))
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		o    Options
		good bool
	}{
		"nothing":              {Options{}, false},
		"insecure":             {Options{Insecure: []string{host}}, true},
		"insecure, no port":    {Options{Insecure: []string{"127.0.0.1"}}, true},
		"insecure, another":    {Options{Insecure: []string{"example.com", "127.0.0.1:1"}}, false},
		"CA":                   {Options{CACert: map[string]string{"": ca}}, true},
		"CA of the host":       {Options{CACert: map[string]string{host: ca}}, true},
		"CA of another":        {Options{CACert: map[string]string{"example.com": ca}}, false},
		"CA that is not there": {Options{CACert: map[string]string{"": ca + "x"}}, false},
	} {
		tt.o.Keychain = anonymous{}
		img, err := Open(context.Background(), "registry:"+host+"/shop:1.0", tt.o)
		if (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			factsOf(t, img)
		}
	}
}

// push puts a random image of two layers into a registry.
func push(t *testing.T, to string, opts ...remote.Option) name.Reference {
	t.Helper()
	img, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(to)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, opts...); err != nil {
		t.Fatal(err)
	}
	return ref
}

// A layer that arrives broken, short or long is an error and no end of file.
func TestBadPull(t *testing.T) {
	blobs := registry.New(registry.Logger(quiet))
	var spoil func(w http.ResponseWriter, body []byte)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		blobs.ServeHTTP(rec, r)
		if spoil != nil && r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") && rec.Body.Len() > 900 {
			spoil(w, rec.Body.Bytes())
			return
		}
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes()) // a client that hangs up is the test's doing
	}))
	t.Cleanup(s.Close)
	ref := push(t, strings.TrimPrefix(s.URL, "http://")+"/shop:1.0")
	for name, tt := range map[string]struct {
		spoil func(w http.ResponseWriter, body []byte)
		want  string
	}{
		"good":         {nil, ""},
		"another byte": {func(w http.ResponseWriter, b []byte) { b[len(b)-1] ^= 1; _, _ = w.Write(b) }, "error verifying sha256 checksum"},
		"short":        {func(w http.ResponseWriter, b []byte) { flushed(w, b[:500]) }, "sha256"},
		"long":         {func(w http.ResponseWriter, b []byte) { flushed(w, append(b, 'x')) }, "sha256"},
		"cut off": {func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
			_, _ = w.Write(b[:500])
		}, "unexpected EOF"},
	} {
		spoil = tt.spoil
		img, err := Open(context.Background(), "registry:"+ref.String(), Options{Keychain: anonymous{}})
		if err != nil {
			t.Fatal(err)
		}
		rc, err := img.Layers[0].Blob.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, rc)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err := rc.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// flushed sends b without a Content-Length.
func flushed(w http.ResponseWriter, b []byte) {
	w.(http.Flusher).Flush()
	_, _ = w.Write(b)
}
