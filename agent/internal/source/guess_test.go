package source

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// A guess takes the first place that has the image, and one that could not be
// asked is noted.
func TestGuess(t *testing.T) {
	s := httptest.NewServer(registry.New(registry.Logger(quiet)))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	ref := push(t, host+"/shop:1.0").String()

	none := Options{Keychain: anonymous{}, Env: envOf("DOCKER_HOST", "unix:///nowhere", "CONTAINER_HOST", "unix:///nowhere")}
	dead := Options{Keychain: anonymous{}, Env: envOf("DOCKER_HOST", "tcp://"+freeAddress(t), "CONTAINER_HOST", "unix:///nowhere")}
	for name, tt := range map[string]struct {
		o    Options
		note string
	}{"no daemon": {none, ""}, "a daemon that is down": {dead, "docker was not asked for the image: nothing listens at"}} {
		img, err := Open(context.Background(), ref, tt.o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		notes := strings.Join(img.Notes, "; ")
		if img.Source != Registry || img.Location != host || (notes == "") != (tt.note == "") || !strings.Contains(notes, tt.note) {
			t.Errorf("%s: from %s at %s, notes %q", name, img.Source, img.Location, notes)
		}
	}

	_, err := Open(context.Background(), host+"/other:1.0", none)
	for _, part := range []string{"path: there is no file", "docker: there is no socket", "podman: there is no socket", "registry: " + host + " has no image", "prefix such as"} {
		if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v, want one line with %q", err, part)
		}
	}
	if _, err := Open(context.Background(), "registry:2", none); err == nil || !strings.Contains(err.Error(), "docker.io/library/registry:2") {
		t.Errorf("got %v", err)
	}
}

// A folder or file that only happens to be called like an image is passed by;
// one that is an image but broken is not.
func TestGuessPath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	none := Options{Env: envOf("DOCKER_HOST", "unix:///nowhere", "CONTAINER_HOST", "unix:///nowhere"), Keychain: anonymous{}}
	layer := layerTar(t, "a")
	archive := writeTar(t, entry{name: "manifest.json", body: `[{"Config":"c.json","Layers":["l.tar"]}]`},
		entry{name: "c.json", body: configJSON("amd64", layer)}, entry{name: "l.tar", body: layer})
	host := freeAddress(t) // a registry that is not there
	for name, body := range map[string][]byte{
		"whole": archive, "whole.tar": archive, "broken": archive[:len(archive)-3000], "text": []byte("hello"), "text.tar": []byte("hello"),
		"project/main.go": nil, "root/etc/os-release": nil, host + "/x": nil,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for ref, want := range map[string]string{"whole": DockerArchive, "whole.tar": DockerArchive, "./whole": DockerArchive, "root": RootFS, "rootfs:project": RootFS} {
		img, err := Open(context.Background(), ref, none)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if img.Source != want {
			t.Errorf("%s was opened as %s", ref, img.Source)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
	for ref, want := range map[string]string{
		"broken":      "truncated",
		"text.tar":    "opening text.tar: it is no image archive",
		"./text":      "opening ./text: it is no image archive",
		"./project":   "neither an OCI layout nor a root file system (if it is one after all: rootfs:./project)",
		"gone.tar":    "opening gone.tar: there is no file or folder gone.tar",
		host + "/x":   "registry: the registry " + host + " cannot be reached",
		"oci:root":    "no OCI layout",
		"rootfs:text": "is no folder",
	} {
		_, err := Open(context.Background(), ref, none)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
		if found := err != nil && strings.Contains(err.Error(), "found nowhere"); found != (ref == host+"/x") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
}
