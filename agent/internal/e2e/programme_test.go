package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/result"
)

// programme is the path of the binary that all tests run.
var programme string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "layergate-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	programme = filepath.Join(dir, "layergate")
	cmd := exec.Command("go", "build", "-trimpath", "-o", programme, "github.com/layergate/layergate/agent/cmd/layergate")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the programme: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// scan scans an image that is readable: any gap in the result fails the test,
// and so does an exit code that is not the one in the result.
func scan(t testing.TB, image string, flags ...string) *result.Result {
	t.Helper()
	r := scanAny(t, image, flags...)
	for _, gap := range r.Incomplete {
		t.Errorf("scan %s: %s gap at %s: %s", image, gap.Kind, gap.Subject, gap.Reason)
	}
	return r
}

// scanAny scans an image that may leave gaps.
func scanAny(t testing.TB, image string, flags ...string) *result.Result {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	args := append([]string{"scan", image, "--output", "json=" + file}, flags...)
	cmd := exec.Command(programme, args...)
	// A pipeline's variables and the user's settings are not part of the test.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "LAYERGATE_") || strings.HasPrefix(v, "CI_") || strings.HasPrefix(v, "CI=")
	})
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	code := 0
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatalf("scan %s: exit code %d, and no result: %v\n%s", image, code, err, stderr.String())
	}
	defer f.Close()
	r, err := result.Read(f)
	if err != nil {
		t.Fatalf("scan %s: reading the result: %v", image, err)
	}
	if code != r.Verdict.ExitCode {
		t.Errorf("scan %s: exit code %d, but the result says %d\n%s", image, code, r.Verdict.ExitCode, stderr.String())
	}
	return r
}
