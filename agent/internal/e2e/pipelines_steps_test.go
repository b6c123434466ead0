package e2e

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// gitHubSteps are the scripts of a workflow's job.
func gitHubSteps(t *testing.T, content []byte) []step {
	var workflow struct {
		Env  map[string]string
		Jobs struct {
			Image struct {
				Steps []struct{ Name, Run, If string }
			}
		}
	}
	parse(t, content, &workflow)
	if workflow.Env["IMAGE"] == "" || workflow.Env["AGENT"] == "" {
		t.Errorf("the workflow does not set IMAGE and AGENT: %v", workflow.Env)
	}
	var steps []step
	for _, s := range workflow.Jobs.Image.Steps {
		if strings.Contains(s.Run, "${{") {
			t.Errorf("step %q has an expression in its script, where others could write commands", s.Name)
		}
		if s.Run != "" {
			steps = append(steps, step{s.Name, s.Run, s.If == "${{ !cancelled() }}"})
		}
	}
	return steps
}

// azureSteps are the scripts of an Azure pipeline.
func azureSteps(t *testing.T, content []byte) []step {
	var definition struct {
		Variables map[string]string
		Steps     []struct{ Script, DisplayName, Condition string }
	}
	// yaml.v3 wants keys in lower case, or named.
	parse(t, bytes.ReplaceAll(content, []byte("displayName"), []byte("displayname")), &definition)
	for _, name := range []string{"image", "agent", "reports"} {
		if definition.Variables[name] == "" {
			t.Errorf("the pipeline does not set %s", name)
		}
	}
	var steps []step
	for _, s := range definition.Steps {
		if s.Script != "" {
			steps = append(steps, step{s.DisplayName, s.Script, s.Condition == "succeededOrFailed()"})
		}
	}
	return steps
}

// bambooSteps are the lines of the scripts of a Bamboo job.
func bambooSteps(t *testing.T, content []byte) []step {
	var plan struct {
		Image struct{ Tasks []yaml.Node } `yaml:"Image"`
	}
	parse(t, content, &plan)
	var steps []step
	for _, node := range plan.Image.Tasks {
		var task struct{ Script []string }
		if node.Kind == yaml.ScalarNode { // checkout
			continue
		}
		if err := node.Decode(&task); err != nil {
			t.Fatal(err)
		}
		// Each line is a step here, so that a failure shows where it is; but for
		// set -e, which is what makes it so.
		lines := slices.DeleteFunc(task.Script, func(line string) bool { return line == "set -e" })
		if len(lines) == len(task.Script) && len(lines) > 1 {
			t.Errorf("a script of several lines without set -e goes on after a failure: %q", lines)
		}
		for _, line := range lines {
			steps = append(steps, step{name: line, script: line})
		}
	}
	return steps
}

// parse reads a snippet.
func parse(t *testing.T, content []byte, into any) {
	t.Helper()
	if err := yaml.Unmarshal(content, into); err != nil {
		t.Fatal(err)
	}
}
