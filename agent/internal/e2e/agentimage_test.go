package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/layergate/layergate/agent/internal/result"
)

// TestAgentImage builds the agent's own container image with agent/image.sh and
// uses it as pipelines do.
func TestAgentImage(t *testing.T) {
	need(t, "docker", "buildah", "apt-get=apt", "dpkg-deb=dpkg", "skopeo")
	image := imageName(t, "agent")
	archive := buildAgent(t, image)
	t.Run("the same image again", func(t *testing.T) { testSame(t, archive) })
	t.Run("for another architecture", testArm64)
	t.Run("never without security updates", testSecurityUpdates)
	t.Run("commands and programmes", func(t *testing.T) { testEntrypoint(t, image) })
	t.Run("no programme takes a command's name", func(t *testing.T) { testNames(t, image) })
	t.Run("anyone, on a read-only disk", func(t *testing.T) { testReadOnly(t, image) })
	t.Run("GitLab", func(t *testing.T) { testGitLab(t, image) })
	t.Run("Jenkins and GitHub", func(t *testing.T) { testKeptRunning(t, image) })
	t.Run("what is in it", func(t *testing.T) { testContents(t, image, archive) })
	t.Run("the strictest policy", func(t *testing.T) { testStrictest(t, archive) })
}

// buildAgent gives the daemon the agent's image, with the programme under test,
// under a name, and returns its archive. All tests share one build.
func buildAgent(t testing.TB, name string) string {
	t.Helper()
	buildOnce.Do(func() {
		buildOnce.archive = filepath.Join(filepath.Dir(programme), "image.tar")
		buildOnce.output, buildOnce.err = buildImage(programme)
	})
	checkBuild(t, buildOnce.output, buildOnce.err)
	run(t, "skopeo", "copy", "--insecure-policy", "docker-archive:"+buildOnce.archive, "docker-daemon:"+name)
	return buildOnce.archive
}

var buildOnce struct {
	sync.Once
	archive string
	output  []byte
	err     error
}

// buildImage runs agent/image.sh, without a daemon.
func buildImage(binary string) ([]byte, error) {
	cmd := exec.Command("../../image.sh", "layergate-e2e/agent:built", binary)
	cmd.Env = append(os.Environ(), "DOCKER_HOST=unix:///dev/null")
	return cmd.CombinedOutput()
}

// checkBuild skips a test where there is no mirror of Debian; in CI it fails.
func checkBuild(t testing.TB, output []byte, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("CI") == "" && strings.Contains(string(output), "agent/image.sh: downloading"):
		t.Skipf("Debian's packages cannot be had: set MIRROR to a mirror\n%s", output)
	default:
		t.Fatalf("agent/image.sh: %v\n%s", err, output)
	}
}

// testSame builds the image again, in another folder.
func testSame(t *testing.T, archive string) {
	dir := t.TempDir()
	run(t, "cp", programme, dir)
	output, err := buildImage(filepath.Join(dir, "layergate"))
	checkBuild(t, output, err)
	for _, name := range []string{"image.tar", "image.cdx.json"} {
		run(t, "cmp", filepath.Join(filepath.Dir(archive), name), filepath.Join(dir, name))
	}
}

func testArm64(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "layergate")
	cmd := exec.Command("go", "build", "-trimpath", "-o", binary, "github.com/layergate/layergate/agent/cmd/layergate")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building for arm64: %v\n%s", err, out)
	}
	output, err := buildImage(binary)
	checkBuild(t, output, err)
	archive := filepath.Join(filepath.Dir(binary), "image.tar")
	if got := run(t, "skopeo", "inspect", "--format", "{{.Os}}/{{.Architecture}}", "docker-archive:"+archive); got != "linux/arm64" {
		t.Errorf("the image is for %s, want linux/arm64", got)
	}
	// The shell is of the same architecture: dpkg says so of its package.
	if got := installed(scan(t, archive), "deb"); !slices.ContainsFunc(got, isShell("arm64")) {
		t.Errorf("want busybox-static for arm64, got %q", got)
	}
}

// testSecurityUpdates: where the mirror of security updates does not answer, apt
// itself would go on with what it has.
func testSecurityUpdates(t *testing.T) {
	t.Setenv("SECURITY_MIRROR", "http://127.0.0.1:1/debian-security")
	dir := t.TempDir()
	run(t, "cp", programme, dir)
	output, err := buildImage(filepath.Join(dir, "layergate"))
	if err == nil || !strings.Contains(string(output), "agent/image.sh: downloading") || !strings.Contains(string(output), "127.0.0.1:1") {
		t.Errorf("want an error that names the mirror, got %v\n%s", err, output)
	}
}

func isShell(arch string) func(string) bool {
	return func(p string) bool {
		return strings.HasPrefix(p, "busybox-static ") && strings.HasSuffix(p, " "+arch)
	}
}

// agent runs a container of the image and returns what it prints.
func agent(t testing.TB, image string, flags []string, args ...string) string {
	t.Helper()
	all := slices.Concat([]string{"run", "--rm", "--network", "none"}, flags, []string{image}, args)
	return run(t, "docker", all...)
}

func testEntrypoint(t *testing.T, image string) {
	version := run(t, programme, "version")
	for _, test := range []struct {
		flags, args []string
		want        string
	}{
		{args: []string{"version"}, want: version},
		{args: []string{"sh", "-c", "layergate version | grep -c layergate"}, want: "1"},
		{args: []string{"/usr/bin/layergate", "version"}, want: version},
		{args: []string{"layergate", "version"}, want: version},
		{flags: []string{"--entrypoint", "layergate"}, args: []string{"version"}, want: version},
		{flags: []string{"--entrypoint", ""}, args: []string{"sh", "-c", "id -u"}, want: "65532"},
		{args: []string{"sh", "-c", "id -un; echo $HOME; pwd; touch $HOME/a b /tmp/c && echo written"}, want: "layergate\n/home/layergate\n/work\nwritten"},
	} {
		if got := agent(t, image, test.flags, test.args...); got != test.want {
			t.Errorf("docker run %q IMAGE %q: %q, want %q", test.flags, test.args, got, test.want)
		}
	}
	if help := agent(t, image, nil); !strings.Contains(help, "Usage:\n  layergate") {
		t.Errorf("without a command the image prints no help:\n%s", help)
	}
	// Kubernetes' runAsNonRoot believes numbers only.
	if user := run(t, "docker", "inspect", "--format", "{{.Config.User}}", image); user != "65532:65532" {
		t.Errorf("the image's user is %q", user)
	}
}

// testNames compares the programmes that the entrypoint runs with the commands
// of layergate: one of the same name would hide the command.
func testNames(t *testing.T, image string) {
	programmes := strings.Fields(agent(t, image, nil, "sh", "-c", "ls /bin /usr/bin"))
	commands := regexp.MustCompile(`(?m)^  ([a-z]+) {2,}`).FindAllStringSubmatch(agent(t, image, nil, "--help"), -1)
	if len(commands) < 5 || !slices.Contains(programmes, "sh") {
		t.Fatalf("want the commands of layergate and sh among the programmes, got %q and %q", commands, programmes)
	}
	for _, command := range commands {
		if slices.Contains(programmes, command[1]) {
			t.Errorf("the programme %s hides the command", command[1])
		}
	}
}

func testReadOnly(t *testing.T, image string) {
	cmd := exec.Command("docker", "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "4242:4242",
		"--volume", shop(t)+":/in/shop.tar:ro", image, "scan", "/in/shop.tar", "-o", "json")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Fatalf("want exit code 2, got %v\n%s", err, stderr.String())
	}
	got, err := result.Read(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	sameButLayers(t, got, scan(t, shop(t)))
}

// gitLabShell and gitLabScript restate what GitLab's runner does: it looks for
// a shell, and writes a script of this form to that shell's stdin.
const (
	gitLabShell = `if [ -x /usr/local/bin/bash ]; then exec /usr/local/bin/bash
elif [ -x /bin/bash ]; then exec /bin/bash
elif [ -x /usr/bin/sh ]; then exec /usr/bin/sh
elif [ -x /bin/sh ]; then exec /bin/sh
elif [ -x /busybox/sh ]; then exec /busybox/sh
else echo shell not found; exit 1
fi`
	gitLabScript = `if set -o | grep pipefail > /dev/null; then set -o pipefail; fi; set -o errexit
set +o noclobber
: | eval $'export CI=true\nmkdir -p "/builds/shop.tmp"\nprintf \'%s\' $\'a\\nb\' > "/builds/shop.tmp/VARIABLE"\ncd "/builds"\necho $\'\\x1b[32;1m$ layergate version\\x1b[0;m\'\nlayergate version\nfalse | true\necho not reached\n'
exit 0
`
)

func testGitLab(t *testing.T, image string) {
	for _, entrypoint := range [][]string{nil, {"--entrypoint", ""}} {
		builds := t.TempDir()
		if err := os.Chmod(builds, 0o777); err != nil { // as the runner's helper leaves it
			t.Fatal(err)
		}
		args := slices.Concat([]string{"run", "--rm", "--interactive", "--network", "none", "--volume", builds + ":/builds"},
			entrypoint, []string{image, "sh", "-c", gitLabShell})
		cmd := exec.Command("docker", args...)
		cmd.Stdin = strings.NewReader(gitLabScript)
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%q: want exit code 1, of the failing pipe, got %v\n%s", entrypoint, err, out)
		}
		want := "\x1b[32;1m$ layergate version\x1b[0;m\n" + run(t, programme, "version") + "\n"
		if string(out) != want {
			t.Errorf("%q: the script printed %q, want %q", entrypoint, out, want)
		}
		variable, err := os.ReadFile(filepath.Join(builds, "shop.tmp/VARIABLE"))
		if err != nil || string(variable) != "a\nb" {
			t.Errorf("%q: a variable of type file is %q, %v", entrypoint, variable, err)
		}
	}
}

// testKeptRunning starts a container that does nothing, and then the steps in
// it: with a terminal and cat, as Jenkins does, and as GitHub does its jobs'.
func testKeptRunning(t *testing.T, image string) {
	version := run(t, programme, "version")
	for _, test := range []struct{ start, step []string }{
		{[]string{"--tty", "--user", "1000:1000", image, "cat"}, []string{"nohup", "sh", "-c", "(layergate version) && ps >/dev/null"}},
		{[]string{"--entrypoint", "tail", image, "-f", "/dev/null"}, []string{"sh", "-e", "-c", "layergate version"}},
	} {
		container := run(t, "docker", append([]string{"run", "--detach", "--rm", "--network", "none"}, test.start...)...)
		t.Cleanup(func() {
			if out, err := exec.Command("docker", "kill", container).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
		got := run(t, "docker", append([]string{"exec", container}, test.step...)...)
		if got != version {
			t.Errorf("%q printed %q", test.step, got)
		}
	}
}

// testContents compares what Layergate sees in the image, and wrote to its SBOM,
// with the packages that image.sh asks apt for, and the files with what the
// packages say that theirs are.
func testContents(t *testing.T, image, archive string) {
	packages := []string{"base-files", "busybox-static", "ca-certificates"}
	var names []string
	for _, p := range scan(t, archive).Packages {
		if p.Type == "deb" {
			names = append(names, p.Name)
		}
	}
	sameList(t, "deb", packages, names)
	content, err := os.ReadFile(filepath.Join(filepath.Dir(archive), "image.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packages {
		if !bytes.Contains(content, []byte(`"purl": "pkg:deb/debian/`+p+"@")) {
			t.Errorf("the SBOM does not have %s", p)
		}
	}
	foreign := agent(t, image, nil, "sh", "-c", `cd / && cat var/lib/dpkg/status.d/*.md5sums >/tmp/all
		find bin sbin lib usr -type f | sort | while read -r file; do
			if ! grep "  $file\$" /tmp/all | md5sum -c >/dev/null 2>&1; then echo "$file"; fi
		done`)
	sameList(t, "files of no package", []string{"usr/bin/entrypoint", "usr/bin/layergate", "usr/bin/nohup",
		"usr/share/doc/layergate/LICENSE", "usr/share/doc/layergate/NOTICE"}, strings.Fields(foreign))
}

// testStrictest lets the strictest policy decide about the image, with the
// exceptions that are written down for it. The one thing that may be in the way
// is that the embedded index is old by now: that is the index's, not the image's.
func testStrictest(t *testing.T, archive string) {
	read := func(file string) string {
		content, err := os.ReadFile("../../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	exceptions := read("agent/image/exceptions.yaml")
	policy := read("policies/strict.yaml") + exceptions
	decide := func(policy string) *result.Result {
		file := filepath.Join(t.TempDir(), "policy.yaml")
		write(t, file, policy)
		return scan(t, archive, "--policy", file)
	}
	strict := decide(policy)
	for _, reason := range strict.Verdict.Reasons {
		if !strings.HasPrefix(reason, "the newest advisories are of ") && !strings.HasPrefix(reason, "ignored by exceptions: ") {
			t.Errorf("policies/strict.yaml: %s", reason)
		}
	}
	const age = "max-age: 3d"
	if !strings.Contains(policy, age) {
		t.Fatalf("policies/strict.yaml has no %q", age)
	}
	if r := decide(strings.Replace(policy, age, "max-age: 3650d", 1)); r.Verdict.ExitCode != 0 {
		t.Errorf("with an index of any age: exit code %d, %q", r.Verdict.ExitCode, r.Verdict.Reasons)
	}
	found := foundIDs(strict)
	for _, e := range regexp.MustCompile(`- id: (\S+)`).FindAllStringSubmatch(exceptions, -1) {
		if !found[e[1]] {
			t.Errorf("the exception for %s is of no use any more", e[1])
		}
	}
}
