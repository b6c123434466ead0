package templates

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "write Layergate.gitlab-ci.yml anew")

const (
	component = "templates/scan/template.yml"
	include   = "Layergate.gitlab-ci.yml"
)

// header begins the file that is made.
const header = `# Layergate for GitLab, to include. One job scans an image and writes every report; a second one, the gate, decides:
# GitLab takes no security report from a job that failed. docs/gitlab.md explains it, and the variables to set.
#
# Made from templates/scan/template.yml; don't edit.
`

// input is one input of the component.
type input struct {
	Name        string
	Description string
	Type        string
	Regex       string
	Default     yaml.Node
}

// text is the default as it stands where the input is used.
func (i input) text() string {
	if i.Default.Kind == yaml.SequenceNode {
		return "[]"
	}
	return i.Default.Value
}

// read reads the component: its inputs, in order, and the text of its jobs.
func read(t *testing.T) (inputs []input, jobs string) {
	t.Helper()
	file, err := os.ReadFile(component)
	if err != nil {
		t.Fatal(err)
	}
	head, jobs, found := strings.Cut(string(file), "\n---\n")
	var spec struct{ Spec struct{ Inputs yaml.Node } }
	if err := yaml.Unmarshal([]byte(head), &spec); err != nil || !found {
		t.Fatalf("%s has no header of inputs: %v", component, err)
	}
	nodes := spec.Spec.Inputs.Content
	for i := 0; i+1 < len(nodes); i += 2 {
		in := input{Name: nodes[i].Value}
		if err := nodes[i+1].Decode(&in); err != nil {
			t.Fatalf("the input %s: %v", in.Name, err)
		}
		inputs = append(inputs, in)
	}
	return inputs, jobs
}

// TestInclude: the file to include is the component with the defaults filled
// in, without what says nothing then.
func TestInclude(t *testing.T) {
	inputs, jobs := read(t)
	for _, in := range inputs {
		jobs = strings.ReplaceAll(jobs, "$[[ inputs."+in.Name+" ]]", in.text())
	}
	jobs = regexp.MustCompile(`\$\{LAYERGATE_INPUT_\w+:-((\$\{[^{}]*\}|[^{}])*)\}`).ReplaceAllString(jobs, "$1")
	jobs = regexp.MustCompile(`(?m)^ +(LAYERGATE_INPUT_\w+: .*|variables:|tags: \[\])\n`).ReplaceAllString(jobs, "")
	if strings.Contains(jobs, "$[[") || strings.Contains(jobs, "LAYERGATE_INPUT_") {
		t.Errorf("something is not filled in:\n%s", jobs)
	}
	want := header + jobs
	if *update {
		if err := os.WriteFile(include, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(include)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("%s is not what the component gives; go test -update writes it anew (-want +got):\n%s", include, diff)
	}
	var parsed map[string]any
	if err := yaml.Unmarshal(got, &parsed); err != nil {
		t.Errorf("%s: %v", include, err)
	}
}

// TestInputs: every input explains itself in GitLab's catalog and in the
// documentation, does something, and has a default that it would accept.
func TestInputs(t *testing.T) {
	inputs, jobs := read(t)
	docs, err := os.ReadFile("../docs/gitlab.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range inputs {
		if in.Description == "" {
			t.Errorf("the input %s has no description", in.Name)
		}
		if in.Default.IsZero() {
			t.Errorf("the input %s has no default: a component that is included without inputs would fail", in.Name)
		}
		if !regexp.MustCompile(in.Regex).MatchString(in.text()) { // RE2, as GitLab's
			t.Errorf("the default %q of the input %s does not match %s", in.text(), in.Name, in.Regex)
		}
		if !strings.Contains(jobs, "$[[ inputs."+in.Name+" ]]") {
			t.Errorf("the input %s does nothing", in.Name)
		}
		if !bytes.Contains(docs, fmt.Appendf(nil, "| `%s` |", in.Name)) {
			t.Errorf("docs/gitlab.md has no row for the input %s", in.Name)
		}
	}
}

// TestVariables: the documentation names every variable that a job reads and
// GitLab does not set itself.
func TestVariables(t *testing.T) {
	_, jobs := read(t)
	docs, err := os.ReadFile("../docs/gitlab.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`\b(LAYERGATE|CS|TRIVY|SECURE|AST|ADDITIONAL|CONTAINER|DOCKER)_[A-Z_]*[A-Z]\b`)
	for _, name := range names.FindAllString(jobs, -1) {
		if !strings.HasPrefix(name, "LAYERGATE_INPUT_") && !bytes.Contains(docs, []byte("`"+name)) {
			t.Errorf("docs/gitlab.md does not name %s", name)
		}
	}
}
