package e2e

import "testing"

// TestGitLabContainer runs the jobs in containers of the agent's own image, as
// runners do: its shell, its tools, its user.
func TestGitLabContainer(t *testing.T) {
	need(t, "docker", "buildah", "apt-get=apt", "dpkg-deb=dpkg", "docker-registry", "skopeo")
	needGitLab(t)
	image := imageName(t, "agent")
	buildAgent(t, image)
	const user, password = "someone", `it's "secret"`
	server := privateRegistry(t, user, password)
	run(t, "skopeo", "copy", "--insecure-policy", "--dest-tls-verify=false", "--dest-creds", user+":"+password,
		"oci-archive:"+shop(t), "docker://"+server+"/shop:1")
	p := newProject(t, includeFile).runWith(t, []string{"LAYERGATE_AGENT_IMAGE=" + image, "CS_IMAGE=" + server + "/shop:1",
		"CS_REGISTRY_USER=" + user, "CS_REGISTRY_PASSWORD=" + password},
		"--network", "host", "--pull-policy", "if-not-present", "--no-umask", "--helper-image", helperImage(t))
	if p.jobs[scanJob] != "PASS" || p.jobs[gateJob] != "FAIL" {
		t.Fatalf("the jobs are %v\n%s", p.jobs, p.log)
	}
	p.checkReports(t, scanJob)
	p.checkSecret(t, password)
	if got := p.result(t).Verdict.ExitCode; got != 2 {
		t.Errorf("the result has exit code %d", got)
	}
}

// helperImage is what gitlab-ci-local copies artifacts with: this machine's bash
// and rsync in an image, as no registry has to be asked then.
func helperImage(t testing.TB) string {
	t.Helper()
	name := imageName(t, "helper")
	run(t, "bash", "-c", `{ echo /tmp; for p in bash sh rsync mkdir mktemp rm chmod chown; do
		command -v "$p"; ldd "$(command -v "$p")" | grep --only-matching '/[^ ]*'; done; } | sort --unique |
		tar --create --dereference --no-recursion --absolute-names --files-from - | docker import - `+name)
	return name
}
