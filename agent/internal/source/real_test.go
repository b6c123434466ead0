package source

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/layergate/layergate/agent/internal/image"
)

// facts is what must be the same wherever one image is opened.
type facts struct {
	ID           string
	DiffIDs      []string
	Instructions []string
	Origins      []image.Origin
	Config       v1.Config
}

// TestOneImageEverywhere opens one image, built by a real docker, through
// every source and as every producer writes it.
func TestOneImageEverywhere(t *testing.T) {
	need(t, "docker", "skopeo", "buildah", "podman", "docker-registry", "gzip", "zstd")
	tag := builtImage(t)
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }

	run(t, dir, "docker", "save", "-o", "docker.tar", tag)
	run(t, dir, "gzip", "-k", "docker.tar")
	run(t, dir, "zstd", "-q", "docker.tar")
	run(t, dir, "skopeo", "copy", "-q", "docker-archive:docker.tar", "docker-archive:skopeo.tar:"+tag)
	run(t, dir, "skopeo", "copy", "-q", "docker-archive:docker.tar", "oci:layout:v1")
	run(t, dir, "skopeo", "copy", "-q", "docker-archive:docker.tar", "oci-archive:oci.tar:v1")
	run(t, dir, "skopeo", "copy", "-q", "--dest-compress-format", "zstd", "docker-archive:docker.tar", "oci:zstd:v1")

	registry := startRegistry(t, "")
	pushed := registry + "/shop/" + tag
	run(t, dir, "docker", "tag", tag, pushed)
	run(t, dir, "docker", "push", "-q", pushed)
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", pushed).Run() }) // best effort
	run(t, dir, "skopeo", "copy", "-q", "--dest-tls-verify=false", "oci:zstd:v1", "docker://"+registry+"/shop/zstd:1")
	kaniko(t, pushed, at("kaniko.tar"))

	storage := []string{"--storage-driver", "vfs", "--root", at("root"), "--runroot", at("runroot")}
	podman := func(args ...string) []string { return append(append([]string{}, storage...), args...) }
	socket := at("podman.sock")
	start(t, "unix", socket, "podman", podman("system", "service", "--time", "0", "unix://"+socket)...)
	run(t, dir, "podman", podman("load", "-q", "-i", "docker.tar")...)
	run(t, dir, "podman", podman("save", "-q", "-o", "podman.tar", tag)...)
	run(t, dir, "buildah", podman("push", "-q", tag, "oci-archive:buildah.tar:v1")...)

	// The truth is what docker says of the image.
	want := facts{
		ID:           run(t, dir, "docker", "image", "inspect", "-f", "{{.Id}}", tag),
		Instructions: []string{"ADD file in /", `CMD ["/bin/sh"]`, "ENV A=b", "COPY file in /hello", "LABEL x=y", `ENTRYPOINT ["/hello"]`},
		Origins:      []image.Origin{"base", "base", "app", "app", "app", "app"},
	}
	for format, into := range map[string]any{"{{json .RootFS.Layers}}": &want.DiffIDs, "{{json .Config}}": &want.Config} {
		if err := json.Unmarshal([]byte(run(t, dir, "docker", "image", "inspect", "-f", format, tag)), into); err != nil {
			t.Fatal(err)
		}
	}

	env := func(k string) string {
		return map[string]string{"DOCKER_HOST": os.Getenv("DOCKER_HOST"), "CONTAINER_HOST": "unix://" + socket}[k]
	}
	temp := t.TempDir()
	for _, tt := range []struct {
		ref, source string
		newConfig   bool // the producer writes the config anew
	}{
		{ref: tag, source: Docker},
		{ref: "docker:" + tag, source: Docker},
		{ref: "docker:" + strings.TrimPrefix(want.ID, "sha256:")[:12], source: Docker},
		{ref: "podman:" + tag, source: Podman},
		{ref: at("docker.tar"), source: DockerArchive},
		{ref: at("docker.tar") + ":" + tag, source: DockerArchive},
		{ref: "docker-archive:" + at("docker.tar") + ":" + want.ID, source: DockerArchive},
		{ref: at("docker.tar.gz"), source: DockerArchive},
		{ref: at("docker.tar.zst"), source: DockerArchive},
		{ref: at("skopeo.tar"), source: DockerArchive},
		{ref: at("podman.tar"), source: DockerArchive},
		{ref: at("kaniko.tar"), source: DockerArchive},
		{ref: at("layout"), source: OCILayout, newConfig: true},
		{ref: "oci:" + at("zstd") + ":v1", source: OCILayout, newConfig: true},
		{ref: at("oci.tar"), source: OCIArchive, newConfig: true},
		{ref: "oci-archive:" + at("buildah.tar"), source: OCIArchive, newConfig: true},
		{ref: pushed, source: Docker}, // the daemon has that name too
		{ref: "registry:" + pushed, source: Registry},
		{ref: "registry:" + registry + "/shop/zstd:1", source: Registry, newConfig: true},
	} {
		t.Run(strings.ReplaceAll(tt.ref, dir, ""), func(t *testing.T) {
			img, err := Open(context.Background(), tt.ref, Options{Env: env, TempDir: temp})
			if err != nil {
				t.Fatal(err)
			}
			defer img.Close()
			if img.Source != tt.source || img.Location == "" || img.Name != tt.ref || len(img.Notes) > 0 {
				t.Errorf("opened %q from %s at %s with notes %q, want %s", img.Name, img.Source, img.Location, img.Notes, tt.source)
			}
			got := factsOf(t, img)
			want := want
			if tt.newConfig {
				want.ID = got.ID
				// OCI's config has fewer fields.
				want.Config, got.Config = v1.Config{Env: want.Config.Env, Entrypoint: want.Config.Entrypoint, Labels: want.Config.Labels},
					v1.Config{Env: got.Config.Env, Entrypoint: got.Config.Entrypoint, Labels: got.Config.Labels}
			}
			// Docker's engine adds to what it says of a config.
			want.Config.Image, got.Config.Image = "", ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-docker +opened):\n%s", diff)
			}
		})
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// factsOf also reads every layer to its end and checks it against its diff ID.
func factsOf(t *testing.T, img *image.Image) facts {
	t.Helper()
	f := facts{ID: img.ID, Config: img.Config}
	for _, l := range img.Layers {
		f.Instructions = append(f.Instructions, l.Instruction)
		f.Origins = append(f.Origins, l.Origin)
		if l.Empty {
			continue
		}
		f.DiffIDs = append(f.DiffIDs, l.DiffID)
		if got := diffID(t, l.Blob); got != l.DiffID {
			t.Errorf("layer %d has diff ID %s, its bytes have %s", l.Index, l.DiffID, got)
		}
	}
	return f
}

func diffID(t *testing.T, b image.Blob) string {
	t.Helper()
	rc, err := b.Open(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	r := bufio.NewReader(rc)
	head, err := r.Peek(8)
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	var plain io.Reader = r
	if z, err := decompressor(head, r); err != nil {
		t.Fatal(err)
	} else if z != nil {
		plain = z
	}
	h, _, err := v1.SHA256(plain)
	if err != nil {
		t.Fatal(err)
	}
	return h.String()
}

// kaniko writes an archive as kaniko's --tar-path does: with this very
// function of go-containerregistry. Kaniko itself is in no package registry.
func kaniko(t *testing.T, from, to string) {
	t.Helper()
	ref, err := name.ParseReference(from)
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := tarball.WriteToFile(to, ref, img); err != nil {
		t.Fatal(err)
	}
}
