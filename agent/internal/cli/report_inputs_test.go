package cli

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// A Dockerfile is named as seen from the repository, whose root the pipeline
// names: GitLab, then GitHub, then Jenkins. One that is elsewhere keeps its name.
func TestNameInTheRepository(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	all := map[string]string{"CI_PROJECT_DIR": filepath.Join(root, "gitlab"), "GITHUB_WORKSPACE": filepath.Join(root, "github"), "WORKSPACE": filepath.Join(root, "jenkins")}
	for _, c := range []struct {
		variables, file, want string
	}{
		{"", "web/Dockerfile", "web/Dockerfile"},
		{"", "./web//Dockerfile", "web/Dockerfile"},
		{"", filepath.Join(root, "web/Dockerfile"), "web/Dockerfile"},
		{"CI_PROJECT_DIR", "gitlab/web/Dockerfile", "web/Dockerfile"},
		{"GITHUB_WORKSPACE", "github/web/Dockerfile", "web/Dockerfile"},
		{"WORKSPACE", "jenkins/web/Dockerfile", "web/Dockerfile"},
		{"CI_PROJECT_DIR GITHUB_WORKSPACE WORKSPACE", "gitlab/Dockerfile", "Dockerfile"},
		{"GITHUB_WORKSPACE WORKSPACE", "github/Dockerfile", "Dockerfile"},
		{"CI_PROJECT_DIR", "elsewhere/Dockerfile", "elsewhere/Dockerfile"},
		{"CI_PROJECT_DIR", "/nowhere/Dockerfile", "/nowhere/Dockerfile"},
	} {
		env := make(map[string]string)
		for _, name := range strings.Fields(c.variables) {
			env[name] = all[name]
		}
		a := &app{env: func(k string) string { return env[k] }}
		if got := a.inRepository(c.file); got != c.want {
			t.Errorf("%s with %q is %q, want %q", c.file, c.variables, got, c.want)
		}
	}
}

// A file that cannot be meant is refused before it fills the memory.
func TestInputsAreBounded(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, maxText+1), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--template", "--dockerfile"} {
		code, stdout, stderr := run(t, t.Context(), nil, nil, "report", resultFile(t, critical()), flag, big)
		if code != 1 || stdout != "" || !strings.Contains(stderr, "has more than 4 MiB") {
			t.Errorf("%s: exit code %d, %q, %q", flag, code, stdout, stderr)
		}
	}
}

// A scan that failed has no layers: the Dockerfile is not to blame for that.
func TestDockerfileOfNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(file, []byte("FROM scratch\nCOPY . /\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	failed := passed()
	failed.Failed = "no such image"
	failed.Verdict = result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}
	code, _, stderr := run(t, t.Context(), nil, nil, "report", resultFile(t, failed), "--dockerfile", file)
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, %q", code, stderr)
	}
}

func TestDefaultBranchImage(t *testing.T) {
	_, stdout, stderr := run(t, t.Context(), nil, nil, "report", resultFile(t, critical()), "--format", "gitlab", "--default-branch-image", "shop:main")
	if !strings.Contains(stdout, `"default_branch_image": "shop:main"`) {
		t.Errorf("no finding has it: %s%s", stdout, stderr)
	}
}

var errFull = errors.New("no room on stdout")

type fullStdout struct{}

func (fullStdout) Write([]byte) (int, error) { return 0, errFull }

// Log commands are written though a report could not be, and of two errors
// neither is lost.
func TestAnnotationsBesideAnError(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/dev/full is Linux's")
	}
	code, stdout, stderr := run(t, t.Context(), nil, nil, "report", resultFile(t, critical()), "-o", "json=/dev/full", "--annotations", "github")
	if code != 1 || !strings.HasPrefix(stdout, "::") || !strings.Contains(stderr, "no space left on device") {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
	outputs, err := parseOutputs([]string{"json=/dev/full"})
	if err != nil {
		t.Fatal(err)
	}
	err = (&app{stdout: fullStdout{}}).write(reports{outputs: outputs, annotations: "github"}, critical())
	if !errors.Is(err, errFull) || !strings.Contains(err.Error(), "no space left on device") {
		t.Errorf("got %v", err)
	}
}
