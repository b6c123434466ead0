package artifact

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/bcrypt"

	"github.com/layergate/layergate/agent/internal/registry"
)

// TestRealRegistry pushes to a real registry. The others' tools say whether
// what is there is right: skopeo copies it, as mirrors do, and openssl made the
// key and checks the signature.
func TestRealRegistry(t *testing.T) {
	need(t, map[string]string{"docker-registry": "docker-registry", "skopeo": "skopeo", "openssl": "openssl"})
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	host := startRegistry(t, dir)
	t.Setenv("DOCKER_CONFIG", dir)
	login := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("me:secret")))
	if err := os.WriteFile(at("config.json"), []byte(login), 0o600); err != nil {
		t.Fatal(err)
	}
	command(t, "openssl", "genpkey", "-algorithm", "ed25519", "-out", at("key.pem"))
	command(t, "openssl", "pkey", "-in", at("key.pem"), "-pubout", "-out", at("key.pub"))
	key, err := ParseSigningKey([]byte(read(t, at("key.pem"))))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := ParseVerifyKeys([]byte(read(t, at("key.pub"))))
	if err != nil {
		t.Fatal(err)
	}
	index := indexOf(t, "2024-05-06")
	ref := Scheme + host + "/security/index:latest"
	_, pinned, err := Push(context.Background(), ref, index, PushOptions{Key: key, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}

	var m struct {
		MediaType, ArtifactType string
		Config                  struct{ MediaType types.MediaType }
		Layers                  []struct {
			MediaType types.MediaType
			Digest    string
			Size      int64
		}
		Annotations map[string]string
	}
	raw := command(t, "skopeo", "inspect", "--authfile", at("config.json"), "--raw", "--tls-verify=false", "docker://"+host+"/security/index:latest")
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	if m.MediaType != "application/vnd.oci.image.manifest.v1+json" || m.ArtifactType != ArtifactType || m.Config.MediaType != "application/vnd.oci.empty.v1+json" ||
		len(m.Layers) != 1 || m.Layers[0].MediaType != IndexType || m.Annotations["org.opencontainers.image.created"] != "2024-05-07T00:00:00Z" {
		t.Errorf("the registry has %s", raw)
	}
	sum := strings.Fields(string(command(t, "sha256sum", index)))[0]
	if m.Layers[0].Digest != "sha256:"+sum {
		t.Errorf("the layer is %s, sha256sum says %s", m.Layers[0].Digest, sum)
	}

	// The statement as its documentation describes it.
	statement := fmt.Sprintf(`{"type":%q,"mediaType":%q,"digest":"sha256:%s","size":%d,"contents":%q,"built":"2024-05-07T00:00:00Z","newest":"2024-05-06T00:00:00Z"}`,
		StatementType, IndexType, sum, m.Layers[0].Size, m.Annotations[annotationContents])
	signature, err := base64.StdEncoding.DecodeString(m.Annotations[annotationSignature])
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"statement": statement, "signature": string(signature)} {
		if err := os.WriteFile(at(name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command(t, "openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", at("key.pub"), "-in", at("statement"), "-sigfile", at("signature"))

	command(t, "skopeo", "copy", "-q", "--authfile", at("config.json"), "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+host+"/security/index:latest", "docker://"+host+"/mirror/index:1")
	if _, _, err := Push(context.Background(), ref, index, PushOptions{Registry: options().Registry}); !registry.Is(err, registry.Refused) {
		t.Errorf("pushing without credentials: %v", err)
	}
	for _, ref := range []string{ref, pinned, Scheme + host + "/mirror/index:1"} {
		o := PullOptions{Options: Options{Keys: keys}}
		if _, err := Pull(context.Background(), ref, at("got.db"), o); err != nil {
			t.Fatal(err)
		}
		if read(t, at("got.db")) != read(t, index) {
			t.Errorf("%s is another index", ref)
		}
		if err := os.Remove(at("got.db")); err != nil {
			t.Fatal(err)
		}
	}
}

// need skips a test that needs a tool which is missing, and fails it in CI.
func need(t testing.TB, packages map[string]string) {
	t.Helper()
	for tool, p := range packages {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is needed: apt-get install %s", tool, p)
			}
			t.Skipf("%s is needed: apt-get install %s", tool, p)
		}
	}
}

func command(t testing.TB, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return out
}

// startRegistry runs a real registry in a folder until the test ends. It wants
// the user me with the password secret.
func startRegistry(t testing.TB, dir string) (host string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	config, users := filepath.Join(dir, "config.yml"), filepath.Join(dir, "htpasswd")
	yaml := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\nauth: {htpasswd: {realm: test, path: %s}}\n", dir, host, users)
	for file, text := range map[string]string{config: yaml, users: "me:" + string(hash) + "\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("docker-registry", "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: that is its error
	})
	for range 200 {
		if c, err := net.Dial("tcp", host); err == nil {
			_ = c.Close()
			return host
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("docker-registry does not listen at %s", host)
	return ""
}
