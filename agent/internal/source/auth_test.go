package source

import (
	"context"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/crypto/bcrypt"
)

// TestCredentials pulls from a real registry that wants a password, which
// docker's config has itself or through a credential helper.
func TestCredentials(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("secret"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, body string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("htpasswd", "me:"+string(hash)+"\n", 0o600)
	host := startRegistry(t, fmt.Sprintf("auth: {htpasswd: {realm: test, path: %s}}\n", filepath.Join(dir, "htpasswd")))
	push(t, host+"/shop:1.0", remote.WithAuth(&authn.Basic{Username: "me", Password: "secret"}))
	write("docker-credential-test", "#!/bin/sh\necho '{\"Username\":\"me\",\"Secret\":\"secret\"}'\n", 0o700)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("HOME", dir)

	for name, tt := range map[string]struct{ config, want string }{
		"none":     {`{}`, "docker login " + host},
		"wrong":    {fmt.Sprintf(`{"auths":{%q:{"auth":"bWU6d3Jvbmc="}}}`, host), "docker login " + host},
		"inline":   {fmt.Sprintf(`{"auths":{%q:{"auth":"bWU6c2VjcmV0"}}}`, host), ""},
		"a helper": {fmt.Sprintf(`{"credHelpers":{%q:"test"}}`, host), ""},
	} {
		write("config.json", tt.config, 0o600)
		img, err := Open(context.Background(), "registry:"+host+"/shop:1.0", Options{})
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if err == nil {
			factsOf(t, img)
		}
	}
}

// TestDaemonTLS is how GitLab's docker:dind is reached.
func TestDaemonTLS(t *testing.T) {
	layer := layerTar(t, "a")
	archive := writeTar(t, entry{name: "manifest.json", body: `[{"Config":"c.json","Layers":["l.tar"]}]`},
		entry{name: "c.json", body: configJSON("amd64", layer)}, entry{name: "l.tar", body: layer})
	var asked []string
	s := tlsServer(t, newDocker(t, archive, &asked))
	host := "tcp://" + strings.TrimPrefix(s.URL, "https://")
	good, bad := t.TempDir(), t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(filepath.Join(good, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		dir, verify string
		good        bool
	}{
		"trusted":          {good, "1", true},
		"not trusted":      {bad, "1", false},
		"and not verified": {bad, "", true},
	} {
		img, err := Open(context.Background(), "docker:shop:1.0",
			Options{Env: envOf("DOCKER_HOST", host, "DOCKER_CERT_PATH", tt.dir, "DOCKER_TLS_VERIFY", tt.verify)})
		if (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			if err := img.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
