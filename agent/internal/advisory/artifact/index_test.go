package artifact

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	access "github.com/layergate/layergate/agent/internal/registry"
)

// indexOf compiles an index whose newest advisory is of that day.
func indexOf(t testing.TB, day string) (path string) {
	t.Helper()
	record := fmt.Sprintf(`{"id": "GHSA-1", "modified": "%sT00:00:00Z", "affected": [{"package": {"ecosystem": "npm", "name": "left-pad"},
		"ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}]}]}`, day)
	built, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "index.db")
	folder := fstest.MapFS{"osv/npm/GHSA-1.json": &fstest.MapFile{Data: []byte(record)}}
	if _, err := store.Build(context.Background(), folder, path, store.Options{Time: built.AddDate(0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	return path
}

type anonymous struct{}

func (anonymous) Resolve(authn.Resource) (authn.Authenticator, error) { return authn.Anonymous, nil }

func options() Options {
	return Options{Registry: access.Options{Keychain: anonymous{}}}
}

// server is an in-memory registry that can be told to fail.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	spoil func(http.ResponseWriter, *http.Request) bool // true: it has answered
	asked []string                                      // "GET blobs", "HEAD manifests", …
}

func newServer(t testing.TB) *server {
	s := &server{}
	quiet := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		spoil := s.spoil
		if parts := strings.Split(r.URL.Path, "/"); len(parts) > 4 {
			s.asked = append(s.asked, r.Method+" "+parts[len(parts)-2])
		}
		s.mu.Unlock()
		if spoil == nil || !spoil(w, r) {
			quiet.ServeHTTP(w, r)
		}
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s
}

func (s *server) set(spoil func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil, s.asked = spoil, nil
}

func (s *server) requests() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.asked, ", ")
}

// ref is a reference to something in the registry.
func (s *server) ref(name string) string {
	return Scheme + strings.TrimPrefix(s.URL, "http://") + "/" + name
}

// push pushes an index, which must work.
func (s *server) push(t testing.TB, name, path string, key ed25519.PrivateKey) (pinned string) {
	t.Helper()
	_, pinned, err := Push(context.Background(), s.ref(name), path, PushOptions{Registry: options().Registry, Key: key, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return pinned
}

// newKey is a key pair that has been through PEM.
func newKey(t testing.TB) (ed25519.PrivateKey, []ed25519.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	key, keyErr := ParseSigningKey(encode("PRIVATE KEY", der, err))
	der, err = x509.MarshalPKIXPublicKey(public)
	keys, keysErr := ParseVerifyKeys(encode("PUBLIC KEY", der, err))
	if keyErr != nil || keysErr != nil {
		t.Fatal(keyErr, keysErr)
	}
	return key, keys
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// only says that a folder holds nothing but these files.
func only(t testing.TB, folder string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("%s holds %q, want %q", folder, got, names)
	}
}
