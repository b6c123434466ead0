package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestTerminated: a pipeline that cancels a job still gets a result, one that
// says that the scan is incomplete.
func TestTerminated(t *testing.T) {
	registry, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "result.json")
	host := registry.Addr().String()
	var stderr bytes.Buffer
	c := exec.Command(self)
	c.Args = []string{"layergate", "scan", "registry:" + host + "/shop:1", "--insecure", host, "-o", "json=" + file}
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := registry.Accept() // by now it listens to signals
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); c.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit code 1", err)
	}
	if got := stderr.String(); !strings.HasPrefix(got, "layergate: the scan was interrupted: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("stderr: %s", got)
	}
	text, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(text, []byte(`"incomplete": true`)) {
		t.Errorf("%v, the result: %s", err, text)
	}
}
