// Package internal_test keeps the design's rules about the code itself: who
// imports whom, who reads the environment, who exits, and what is not allowed
// anywhere. ARCHITECTURE.md says why; here they are as data.
package internal_test

import (
	"os"
	"testing"
)

const module = "github.com/layergate/layergate"

// design is what every package under agent/ must keep.
var design = rules{
	never: []never{
		// What decides and what reports knows nothing of images, layers and
		// indexes: it works on a result that was read from a file as well.
		{"agent/internal/policy", decidesAlone},
		{"agent/internal/report", decidesAlone},
		{"agent/internal/result", decidesAlone},
		// What is installed is a fact, whatever is known to be wrong with it.
		{"agent/internal/inventory", []string{"agent/internal/advisory"}},
		// What tests share is no part of the programme.
		{"agent/cmd/layergate", []string{"agent/internal/smalldisk"}},
	},
	environment: []string{"agent/internal/cli", "agent/cmd/layergate"},
	exit:        []string{"agent/cmd/layergate"},
	folders:     []string{"base", "common", "helper", "helpers", "manager", "managers", "misc", "shared", "types", "util", "utils"},
	lines:       500,
}

var decidesAlone = []string{
	"agent/internal/source", "agent/internal/layer", "agent/internal/match", "agent/internal/advisory",
}

func TestTheCodeKeepsTheRules(t *testing.T) {
	code, err := load(os.DirFS("../.."), "agent")
	if err != nil {
		t.Fatal(err)
	}
	if len(code) < 10 {
		t.Fatalf("found %d packages under agent/: the test looks in the wrong place", len(code))
	}
	for _, n := range design.never {
		if len(code.under(n.from)) == 0 {
			t.Errorf("%s: there is no such package; is the rule still about the right one?", n.from)
		}
	}
	for _, broken := range design.check(code) {
		t.Error(broken)
	}
}
