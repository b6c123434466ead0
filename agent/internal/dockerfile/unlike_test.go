package dockerfile_test

import (
	"testing"

	"github.com/layergate/layergate/agent/internal/result"
)

// TestUnlike is what looks like an instruction's entry and is none, and what
// does not look like one and is: one instruction each, so that no other carries
// it along.
func TestUnlike(t *testing.T) {
	entry := func(instruction string) result.Layer {
		return result.Layer{Instruction: instruction, CreatedBy: instruction}
	}
	buildkit := func(instruction string) result.Layer {
		return result.Layer{Instruction: instruction, CreatedBy: instruction + " # buildkit"}
	}
	empty := func(l result.Layer) result.Layer { l.Empty = true; return l }
	base := entry("ADD rootfs.tar /")
	for name, tt := range map[string]struct {
		layers []result.Layer
		text   string
		want   []string
	}{
		// docker build --label writes an entry that is in no Dockerfile.
		"a label of the command line": {[]result.Layer{base, entry("RUN make"), empty(entry("LABEL z=1"))}, "FROM a\nRUN make\n", []string{"-", "2", "-"}},
		// docker build --squash writes an entry without words, for all files.
		"squashed onto nothing":  {[]result.Layer{empty(entry("RUN make")), entry("")}, "FROM scratch\nRUN make\n", []string{"2", "2"}},
		"squashed with its base": {[]result.Layer{empty(entry("RUN make")), entry("")}, "FROM a\nRUN make\n", []string{"2", "1-2"}},
		// Stages are named without case.
		"a stage in capitals": {[]result.Layer{base, entry("RUN one"), entry("RUN two")}, "FROM a AS Build\nRUN one\nFROM Build\nRUN two\n", []string{"-", "2", "4"}},
		// BuildKit copies two files, of which one is named "in": that is not docker's "file in /to".
		"a file named in": {[]result.Layer{base, buildkit("COPY dir in /lib/")}, "FROM a\nCOPY other /lib/\n", []string{"-", "-"}},
		// Another command that ends alike.
		"the end of a command": {[]result.Layer{base, entry("make x")}, "FROM a\nRUN [\"x\"]\n", []string{"-", "-"}},
		"behind the arguments": {[]result.Layer{base, entry("|1 A=b x")}, "FROM a\nARG A\nRUN [\"x\"]\n", []string{"-", "3"}},
		// One of three settings alike: another image's Dockerfile.
		"one of three settings": {[]result.Layer{base, empty(entry("ENV A=1"))}, "FROM a\nENV A=1\nENV B=2\nENV C=3\n", []string{"-", "-"}},
		"two of three settings": {[]result.Layer{base, empty(entry("ENV A=1")), empty(entry("ENV B=2"))}, "FROM a\nENV A=1\nENV B=2\nENV C=3\n", []string{"-", "2", "3"}},
	} {
		t.Run(name, func(t *testing.T) { sameLines(t, tt.layers, tt.text, tt.want) })
	}
}
