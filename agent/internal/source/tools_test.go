package source

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// need skips a test that needs a tool which is missing, and fails it in CI.
func need(t testing.TB, tools ...string) {
	t.Helper()
	packages := map[string]string{"docker": "docker.io", "docker-registry": "docker-registry"}
	for _, tool := range tools {
		_, err := exec.LookPath(tool)
		if err == nil && tool == "docker" {
			err = exec.Command("docker", "version").Run()
		}
		if err == nil {
			continue
		}
		p := packages[tool]
		if p == "" {
			p = tool
		}
		msg := fmt.Sprintf("%s is needed, and for docker a daemon that runs: apt-get install %s (%v)", tool, p, err)
		if os.Getenv("CI") != "" {
			t.Fatal(msg)
		}
		t.Skip(msg)
	}
}

// run runs a tool in dir and gives its standard output.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0", "BUILDAH_ISOLATION=chroot")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// start runs a server until the test ends, and waits until it listens.
func start(t testing.TB, network, address, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: that is its error
	})
	for range 200 {
		if c, err := net.Dial(network, address); err == nil {
			_ = c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Fatalf("%s does not listen at %s\n%s", name, address, out.String())
}

// freeAddress is a loopback address that nobody listens at.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startRegistry runs a real registry; more is added to its configuration.
func startRegistry(t testing.TB, more string) string {
	t.Helper()
	need(t, "docker-registry")
	dir, addr := t.TempDir(), freeAddress(t)
	config := filepath.Join(dir, "config.yml")
	yaml := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp:\n  addr: %s\n%s", dir, addr, more)
	if err := os.WriteFile(config, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, "tcp", addr, "docker-registry", "serve", config)
	return addr
}

// builtImage is an image that a real docker daemon has built of two layers
// that have files and four that have none.
func builtImage(t testing.TB) (tag string) {
	t.Helper()
	need(t, "docker")
	dir := t.TempDir()
	for name, body := range map[string]string{
		"base.tar":      layerTar(t, "etc/os-release"),
		"hello":         "hello\n",
		"Base":          "FROM scratch\nADD base.tar /\nCMD [\"/bin/sh\"]\n",
		"App":           "FROM %s-base\nENV A=b\nCOPY hello /hello\nLABEL x=y\nENTRYPOINT [\"/hello\"]\n",
		".dockerignore": "*\n!hello\n!base.tar\n",
	} {
		tag = "layergate-source-test:" + strings.ToLower(filepath.Base(filepath.Dir(dir)))
		if name == "App" {
			body = fmt.Sprintf(body, tag)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, "docker", "build", "-q", "-t", tag+"-base", "-f", "Base", ".")
	run(t, dir, "docker", "build", "-q", "-t", tag, "-f", "App", ".")
	t.Cleanup(func() {
		_ = exec.Command("docker", "rmi", "-f", tag, tag+"-base").Run() // best effort
	})
	return tag
}
