package artifact

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func TestPushAndPull(t *testing.T) {
	s := newServer(t)
	key, keys := newKey(t)
	index := indexOf(t, "2024-05-06")
	pinned := s.push(t, "a/index:1", index, key)
	if again := s.push(t, "a/index:2", index, key); again != pinned {
		t.Errorf("the same index is %s and %s", pinned, again)
	}
	_, others := newKey(t)
	for _, ref := range []string{s.ref("a/index:1"), pinned, strings.Replace(pinned, "@", ":9@", 1)} {
		folder := t.TempDir()
		o := PullOptions{Options: options()}
		o.Keys = slices.Concat(others, keys)
		m, err := Pull(context.Background(), ref, filepath.Join(folder, "got.db"), o)
		if err != nil {
			t.Fatal(err)
		}
		if read(t, filepath.Join(folder, "got.db")) != read(t, index) {
			t.Errorf("%s is another index", ref)
		}
		only(t, folder, "got.db")
		if m.Version != "1.2.3" || when(m.Newest) != "2024-05-06 00:00" || when(m.Built) != "2024-05-07 00:00" || len(m.Sources) != 1 || m.Sources[0].Name != "npm" {
			t.Errorf("%s: %+v", ref, m)
		}
	}
	s.set(nil)
	if _, err := Pull(context.Background(), pinned, index, PullOptions{Options: options()}); err != nil || strings.Contains(s.requests(), "blobs") {
		t.Errorf("an index that is there: %v, asked for %s", err, s.requests())
	}
}

// TestFaults: whatever a registry does, the file that was there stays, and
// nothing else is left.
func TestFaults(t *testing.T) {
	s := newServer(t)
	s.push(t, "a/index:1", indexOf(t, "2024-05-06"), nil)
	body := func(change func(w http.ResponseWriter, b []byte)) func(http.ResponseWriter, *http.Request) bool {
		var in bool
		return func(w http.ResponseWriter, r *http.Request) bool {
			if in || r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			in = true
			defer func() { in = false }()
			rec := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(rec, r)
			change(w, rec.Body.Bytes())
			return true
		}
	}
	status := func(code int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/v2/" {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(code)
			}
			return true
		}
	}
	for fault, tt := range map[string]struct {
		spoil func(http.ResponseWriter, *http.Request) bool
		want  string
	}{
		"401":     {status(401), "docker login"},
		"403":     {status(403), "does not let this user pull"},
		"404":     {status(404), "has no index"},
		"429":     {status(429), "limits the pulls"},
		"500":     {status(500), "answered 500"},
		"garbage": {func(w http.ResponseWriter, r *http.Request) bool { fmt.Fprint(w, "<html>"); return true }, "its manifest cannot be read"},
		"silence": {func(_ http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/v2/" {
				return false
			}
			<-r.Context().Done()
			return true
		}, "went silent"},
		"another byte": {body(func(w http.ResponseWriter, b []byte) { b[len(b)/2] ^= 1; _, _ = w.Write(b) }), "sha256"},
		"short":        {body(func(w http.ResponseWriter, b []byte) { w.(http.Flusher).Flush(); _, _ = w.Write(b[:100]) }), "sha256"},
		"long":         {body(func(w http.ResponseWriter, b []byte) { w.(http.Flusher).Flush(); _, _ = w.Write(append(b, 0)) }), "longer than the manifest says"},
		"cut off": {body(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
			_, _ = w.Write(b[:100])
		}), "hung up half-way"},
		"stalled": {body(func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
			_, _ = w.Write(b[:100])
			w.(http.Flusher).Flush()
			<-t.Context().Done()
		}), "went silent"},
	} {
		t.Run(fault, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "index.db")
			old := read(t, indexOf(t, "2023-01-01"))
			if err := os.WriteFile(path, []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
			s.set(tt.spoil)
			defer s.set(nil)
			o := PullOptions{Options: options()}
			if strings.Contains(tt.want, "silent") {
				o.Registry.Stall = 200 * time.Millisecond
			}
			_, err := Pull(context.Background(), s.ref("a/index:1"), path, o)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, tt.want)
			}
			if read(t, path) != old {
				t.Error("the old file is gone")
			}
			only(t, folder, "index.db")
		})
	}
}

// TestPassingFaults: what passes is no failure.
func TestPassingFaults(t *testing.T) {
	s := newServer(t)
	index := indexOf(t, "2024-05-06")
	s.push(t, "a/index:1", index, nil)
	var n int
	s.set(func(w http.ResponseWriter, r *http.Request) bool {
		switch n++; {
		case r.URL.Path == "/v2/":
			return false
		case n%3 == 0:
			return false
		case n%3 == 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusBadGateway)
		}
		return true
	})
	path := filepath.Join(t.TempDir(), "index.db")
	if _, err := Pull(context.Background(), s.ref("a/index:1"), path, PullOptions{Options: options()}); err != nil {
		t.Fatal(err)
	}
	if read(t, path) != read(t, index) {
		t.Error("another index came")
	}
}

func TestNotAnIndex(t *testing.T) {
	s := newServer(t)
	host := strings.TrimPrefix(s.URL, "http://")
	image, err := random.Image(100, 1)
	if err != nil {
		t.Fatal(err)
	}
	put := func(tag string, what remote.Taggable) {
		t.Helper()
		ref, err := name.ParseReference(host + "/a/index:" + tag)
		if err == nil {
			err = remote.Put(ref, what)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	index := indexOf(t, "2024-05-06")
	s.push(t, "a/index:good", index, nil)
	put("image", image)
	put("list", mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image}))
	for tag, change := range map[string]func(*v1.Manifest){
		"other":    func(m *v1.Manifest) { m.ArtifactType = "application/vnd.example" },
		"layer":    func(m *v1.Manifest) { m.Layers[0].MediaType = types.OCILayer },
		"twice":    func(m *v1.Manifest) { m.Layers = append(m.Layers, m.Layers[0]) },
		"size":     func(m *v1.Manifest) { m.Layers[0].Size = maxIndex + 1 },
		"negative": func(m *v1.Manifest) { m.Layers[0].Size = -1 },
		"format":   func(m *v1.Manifest) { m.Annotations[annotationFormat] = "99" },
		"newer":    func(m *v1.Manifest) { m.Annotations[annotationNewest] = "2030-01-01T00:00:00Z" },
		"zone":     func(m *v1.Manifest) { m.Annotations[annotationNewest] = "2024-05-06T02:00:00+02:00" },
		"none":     func(m *v1.Manifest) { m.Annotations = nil },
		"big":      func(m *v1.Manifest) { m.Annotations["x"] = strings.Repeat("x", maxManifest) },
	} {
		m, err := describeFile(index, "")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		var changed v1.Manifest
		if err := json.Unmarshal(raw, &changed); err != nil {
			t.Fatal(err)
		}
		change(&changed)
		if raw, err = json.Marshal(changed); err != nil {
			t.Fatal(err)
		}
		put(tag, rawManifest(raw))
	}
	for tag, want := range map[string]string{
		"image":    "it holds no advisory index but a container image",
		"list":     "it holds no advisory index but a list of images",
		"other":    `but "application/vnd.example"`,
		"layer":    "it has no layer of type",
		"twice":    "more than one index",
		"size":     "is said to have 4294967297 bytes",
		"negative": "is said to have -1 bytes",
		"format":   "update layergate",
		"newer":    "not the one that its manifest describes",
		"zone":     "not in UTC",
		"none":     "annotation " + annotationContents,
		"big":      "more than the 1048576",
		"missing":  "has no index",
	} {
		folder := t.TempDir()
		_, err := Pull(context.Background(), s.ref("a/index:"+tag), filepath.Join(folder, "index.db"), PullOptions{Options: options()})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", tag, err, want)
		}
		only(t, folder)
	}
}

func TestRollback(t *testing.T) {
	s := newServer(t)
	older, newer := indexOf(t, "2024-05-06"), indexOf(t, "2024-05-07")
	s.push(t, "a/index:1", older, nil)
	path := filepath.Join(t.TempDir(), "index.db")
	if err := os.WriteFile(path, []byte(read(t, newer)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Pull(context.Background(), s.ref("a/index:1"), path, PullOptions{Options: options()})
	if err == nil || !strings.Contains(err.Error(), "--allow-older") || read(t, path) != read(t, newer) {
		t.Errorf("an older index: %v", err)
	}
	if _, err := Pull(context.Background(), s.ref("a/index:1"), path, PullOptions{Options: options(), AllowOlder: true}); err != nil || read(t, path) != read(t, older) {
		t.Errorf("an older index that is wanted: %v", err)
	}
	// What is no index cannot be compared; what is no file is not replaced.
	if err := os.WriteFile(path, []byte("not an index"), 0o600); err != nil {
		t.Fatal(err)
	}
	var warned string
	o := PullOptions{Options: options(), Warn: func(s string) { warned = s }}
	if _, err := Pull(context.Background(), s.ref("a/index:1"), path, o); err != nil || !strings.Contains(warned, "not an advisory index") {
		t.Errorf("over a file that is no index: %v, %q", err, warned)
	}
	if _, err := Pull(context.Background(), s.ref("a/index:1"), t.TempDir(), o); err == nil || !strings.Contains(err.Error(), "is no regular file") {
		t.Errorf("over a folder: %v", err)
	}
}

func TestSignatures(t *testing.T) {
	s := newServer(t)
	key, keys := newKey(t)
	_, others := newKey(t)
	one, two := indexOf(t, "2024-05-06"), indexOf(t, "2024-05-07")
	s.push(t, "a/index:signed", one, key)
	s.push(t, "a/index:unsigned", one, nil)

	// A signature that is taken from one index and put on another.
	stolen, err := describeFile(two, "")
	if err != nil {
		t.Fatal(err)
	}
	first, err := describeFile(one, "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := first.text()
	if err != nil {
		t.Fatal(err)
	}
	stolen.Signature = ed25519.Sign(key, text)
	raw, err := stolen.encode()
	if err != nil {
		t.Fatal(err)
	}
	s.push(t, "a/index:two", two, nil)
	ref, err := name.ParseReference(strings.TrimPrefix(s.ref("a/index:stolen"), Scheme))
	if err == nil {
		err = remote.Put(ref, rawManifest(raw))
	}
	if err != nil {
		t.Fatal(err)
	}

	for tag, tt := range map[string]struct {
		keys []ed25519.PublicKey
		want string
	}{
		"signed":    {keys, ""},
		"signed ":   {others, "signature is wrong"},
		"unsigned":  {keys, "is not signed"},
		"unsigned ": {nil, ""},
		"stolen":    {keys, "signature is wrong"},
	} {
		folder := t.TempDir()
		o := PullOptions{Options: options()}
		o.Keys = tt.keys
		s.set(nil)
		_, err := Pull(context.Background(), s.ref("a/index:"+strings.TrimSpace(tag)), filepath.Join(folder, "index.db"), o)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: %v", tag, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(s.requests(), "blobs") {
			t.Errorf("%s: got %v, want %q before anything is fetched", tag, err, tt.want)
		}
		only(t, folder)
	}
}

func TestReferences(t *testing.T) {
	for _, ref := range []string{"index.db", "oci:layout", "oci://", "oci://host", "oci://127.0.0.1:5000", "oci://shop/index:1", "oci://host.example/UPPER:1", "oci://host.example/a@sha256:1"} {
		if _, err := open(ref, options().Registry); err == nil || !strings.Contains(err.Error(), "want oci://REGISTRY/REPOSITORY:TAG") {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if _, _, err := Push(context.Background(), "oci://host.example/a@sha256:"+strings.Repeat("a", 64), "x", PushOptions{}); err == nil || !strings.Contains(err.Error(), "name a tag") {
		t.Errorf("pushing to a digest: %v", err)
	}
}
