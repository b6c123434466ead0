package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func envOf(pairs ...string) func(string) string {
	return func(k string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == k {
				return pairs[i+1]
			}
		}
		return ""
	}
}

// serve answers at a Unix socket.
func serve(t *testing.T, h http.Handler) (host string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "s") // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "d.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }() // ends with Close
	t.Cleanup(func() { _ = s.Close(); _ = os.RemoveAll(dir) })
	return "unix://" + path
}

// newDocker is what a docker with the containerd image store answers: the id
// is a manifest's digest, and the archive is of docker 25's shape.
func newDocker(t *testing.T, archive []byte, asked *[]string) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.51") })
	mux.HandleFunc("/v1.51/images/shop:1.0/json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"Id":"sha256:0123","RepoTags":["shop:1.0"],"Os":"linux"}`)
	})
	mux.HandleFunc("/v1.51/images/sha256:0123/get", func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RawQuery)
		_, _ = w.Write(archive) // a client that hangs up is a test's doing
	})
	mux.HandleFunc("/v1.51/images/odd/json", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"message":"the disk is full"}`)
	})
	return mux
}

func TestDaemon(t *testing.T) {
	layer := layerTar(t, "a")
	config := configJSON("arm64", layer)
	m := manifestJSON(config, layer)
	archive := writeTar(t, blobFile(layer), blobFile(config), blobFile(m),
		entry{name: "index.json", body: indexJSON(descriptor(mtManifest, m))}, entry{name: "oci-layout", body: "{}"},
		entry{name: "manifest.json", body: fmt.Sprintf(`[{"Config":%q,"RepoTags":["shop:1.0"],"Layers":[%q]}]`, blobFile(config).name, blobFile(layer).name)})
	var asked []string
	host := serve(t, newDocker(t, archive, &asked))
	temp := t.TempDir()
	o := Options{Env: envOf("DOCKER_HOST", host), TempDir: temp, Platform: "linux/arm64"}

	img, err := Open(context.Background(), "docker:shop:1.0", o)
	if err != nil {
		t.Fatal(err)
	}
	if img.ID != digestOf(config) || img.Layers[0].Digest != digestOf(layer) || img.Location != host || img.Tags[0] != "shop:1.0" {
		t.Errorf("%+v", img)
	}
	if got := diffID(t, img.Layers[0].Blob); got != digestOf(layer) {
		t.Errorf("read a layer with diff ID %s", got)
	}
	if len(asked) != 1 || asked[0] != "platform=%7B%22os%22%3A%22linux%22%2C%22architecture%22%3A%22arm64%22%7D" {
		t.Errorf("asked for %q", asked)
	}
	if err := img.Close(); err != nil {
		t.Error(err)
	}

	for ref, want := range map[string]string{
		"docker:shop:2.0":     "has no image shop:2.0",
		"docker:odd":          "500 Internal Server Error (the disk is full)",
		"docker:../../x/json": "is no image name",
	} {
		if _, err := Open(context.Background(), ref, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s gave %v, want %q", ref, err, want)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A daemon that hangs is left when the context ends.
func TestDaemonCancelled(t *testing.T) {
	started := make(chan struct{})
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/json"):
			fmt.Fprint(w, `{"Id":"sha256:0123"}`)
		case strings.HasSuffix(r.URL.Path, "/get"):
			_, _ = w.Write(make([]byte, 4096))
			w.(http.Flusher).Flush()
			close(started)
			<-r.Context().Done()
		}
	}))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-started; cancel() }()
	temp := t.TempDir()
	_, err := Open(ctx, "docker:shop", Options{Env: envOf("DOCKER_HOST", host), TempDir: temp})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDaemonErrors(t *testing.T) {
	for name, tt := range map[string]struct{ host, want string }{
		"no socket":   {"unix:///nowhere/d.sock", "there is no socket /nowhere/d.sock"},
		"no listener": {"tcp://" + freeAddress(t), "nothing listens at tcp://127.0.0.1:"},
		"ssh":         {"ssh://me@host", "over ssh, which is not supported: forward its socket"},
		"npipe":       {"npipe:////./pipe/docker_engine", "use unix:// or tcp://"},
		"no port":     {"tcp://docker", "has no port"},
	} {
		_, err := Open(context.Background(), "docker:shop", Options{Env: envOf("DOCKER_HOST", tt.host)})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	// Root may use any socket: what others get is made up.
	d := &daemon{name: Docker, at: &endpoint{address: "/var/run/docker.sock"}}
	err := d.unreachable(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)})
	if !strings.Contains(err.Error(), "no permission to use the socket /var/run/docker.sock: run as root") {
		t.Errorf("got %v", err)
	}
}

func TestDockerContext(t *testing.T) {
	dir := t.TempDir()
	id := sha256.Sum256([]byte("remote"))
	meta := filepath.Join(dir, "contexts", "meta", hex.EncodeToString(id[:]), "meta.json")
	if err := os.MkdirAll(filepath.Dir(meta), 0o700); err != nil {
		t.Fatal(err)
	}
	for file, v := range map[string]any{
		meta:                              map[string]any{"Name": "remote", "Endpoints": map[string]any{"docker": map[string]any{"Host": "tcp://127.0.0.1:2375"}}},
		filepath.Join(dir, "config.json"): map[string]any{"currentContext": "remote"},
	} {
		b, err := json.Marshal(v)
		if err == nil {
			err = os.WriteFile(file, b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, tt := range map[string]struct {
		env  func(string) string
		want string
	}{
		"the current one": {envOf("DOCKER_CONFIG", dir), "tcp://127.0.0.1:2375"},
		"named":           {envOf("DOCKER_CONFIG", dir, "DOCKER_CONTEXT", "default"), "unix:///var/run/docker.sock"},
		"DOCKER_HOST":     {envOf("DOCKER_CONFIG", dir, "DOCKER_HOST", "unix:///x"), "unix:///x"},
		"no config":       {envOf("HOME", t.TempDir()), "unix:///var/run/docker.sock"},
	} {
		e, err := dockerEndpoint(Options{Env: tt.env})
		if err != nil || e.host != tt.want {
			t.Errorf("%s: got %+v, %v, want %s", name, e, err, tt.want)
		}
	}
	if _, err := dockerEndpoint(Options{Env: envOf("DOCKER_CONFIG", dir, "DOCKER_CONTEXT", "gone")}); err == nil {
		t.Error("a context that is not there was found")
	}
}
