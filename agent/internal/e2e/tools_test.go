package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// need skips a test, or fails it in CI, where a tool is missing. Tools that are
// not in a Debian package of their own name: "rpmbuild=rpm".
func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		tool, apt, named := strings.Cut(tool, "=")
		if !named {
			apt = tool
		}
		_, err := exec.LookPath(tool)
		if tool == "docker" && err == nil {
			apt = "docker.io, and start dockerd"
			err = exec.Command("docker", "version").Run()
		}
		if err == nil {
			continue
		}
		message := fmt.Sprintf("%s is missing: apt-get install %s (%v)", tool, apt, err)
		if os.Getenv("CI") != "" {
			t.Fatal(message)
		}
		t.Skip(message)
	}
}

// run runs a tool and returns what it prints.
func run(t testing.TB, tool string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool, args...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0", "BUILDAH_ISOLATION=chroot", "GIT_CONFIG_GLOBAL=/dev/null")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", tool, strings.Join(args, " "), err, stdout.String(), stderr.String())
	}
	return strings.TrimSpace(stdout.String())
}

var images atomic.Int64

// imageName is a new image's name, of this process alone; the daemon forgets
// the image when the test ends.
func imageName(t testing.TB, name string) string {
	t.Helper()
	name = fmt.Sprintf("layergate-e2e/%s:%d-%d", name, os.Getpid(), images.Add(1))
	t.Cleanup(func() {
		if out, err := exec.Command("docker", "rmi", "--force", name).CombinedOutput(); err != nil {
			t.Logf("docker rmi: %v: %s", err, out)
		}
	})
	return name
}

// dockerBuild builds an image with the real daemon, from the files in context.
// It leaves the daemon's cache alone: tests that run at the same time remove
// their images from it.
func dockerBuild(t testing.TB, name, dockerfile, context string) string {
	t.Helper()
	image := imageName(t, name)
	file := filepath.Join(t.TempDir(), "Dockerfile")
	write(t, file, dockerfile)
	run(t, "docker", "build", "--no-cache", "--network", "none", "--force-rm", "--tag", image, "--file", file, context)
	return image
}

// inContainer is what a shell script prints that runs in an image, as root.
func inContainer(t testing.TB, image, script string) string {
	t.Helper()
	return run(t, "docker", "run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "/bin/sh", image, "-c", script)
}

// dockerLoad gives the daemon an image out of an archive or a layout, as
// skopeo names it.
func dockerLoad(t testing.TB, from, name string) string {
	t.Helper()
	image := imageName(t, name)
	run(t, "skopeo", "copy", "--insecure-policy", from, "docker-daemon:"+image)
	return image
}

// export is the file system that docker makes of an image.
func export(t testing.TB, image string) string {
	t.Helper()
	container := run(t, "docker", "create", "--network", "none", image, "none")
	defer run(t, "docker", "rm", container)
	archive := filepath.Join(t.TempDir(), "export.tar")
	run(t, "docker", "export", "--output", archive, container)
	root := filepath.Join(t.TempDir(), "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "tar", "--extract", "--file", archive, "--directory", root)
	if err := os.Remove(archive); err != nil {
		t.Fatal(err)
	}
	return root
}

// registry starts a real registry on the loopback, until the test ends; more
// are lines of its configuration.
func registry(t testing.TB, more ...string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	write(t, config, fmt.Sprintf("version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n%s\n",
		filepath.Join(dir, "data"), address, strings.Join(more, "\n")))
	cmd := exec.Command("docker-registry", "serve", config)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("stopping the registry: %v", err)
		}
		_ = cmd.Wait() // its exit code is that of the kill
	})
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the registry does not listen on %s:\n%s", address, output.String())
	return ""
}

// write writes a file, and the folders that it is in.
func write(t testing.TB, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shop is the path of the committed image, a small Debian 12 with layers.
func shop(t testing.TB) string {
	t.Helper()
	file, err := filepath.Abs("../../../testdata/images/shop.tar")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// shared is a file of the real data next to the project; without it the test
// is skipped.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("LAYERGATE_SHARED")
	if root == "" {
		root = "../../../../shared"
	}
	file := filepath.Join(root, "data", name)
	if _, err := os.Stat(file); err != nil {
		t.Skipf("no real data: set LAYERGATE_SHARED to the folder that has data/ (%v)", err)
	}
	return file
}
