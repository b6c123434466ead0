package dockerfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/layergate/layergate/agent/internal/dockerfile"
	"github.com/layergate/layergate/agent/internal/result"
)

func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "no instructions"},
		{"# only a comment\n\n", "no instructions"},
		{"ARG A\n", "no FROM"},
		{"FROM a\n\nRUN x\nINSTALL y\n", `line 4: there is no instruction "INSTALL"`},
		{"# Layergate\n\nA gate for pipelines.\n", `line 3: there is no instruction "A"`},
		{"FROM a\nRUN x \\\n  y\n  z\n", `line 4: there is no instruction "Z"`},
		{"ARG A=b\nRUN x\nFROM a\n", "line 2: RUN stands before the first FROM"},
		{"FROM\n", "line 1: FROM must be"},
		{"FROM a b\n", "line 1: FROM must be"},
		{"FROM a\nRUN <<EOF\nx\n", `line 2: the here-document "EOF" has no end`},
		{"FROM a\nCOPY <<a <<b /\n1\na\n2\n", `line 2: the here-document "b" has no end`},
		{"# escape=x\nFROM a\n", `line 1: the escape character is "x"`},
		{"\x7fELF\x02\x01\x01\x00\x00", "line 1: it has a zero byte"},
		{"FROM a\nRUN x\x00\n", "line 2: it has a zero byte"},
		{"\xff\xfeF\x00R\x00O\x00M\x00", "line 1: it is UTF-16"},
		{strings.Repeat("#\n", 2<<20) + "#", "more than 4 MiB"},
		{"FROM a\n" + strings.Repeat("RUN x\n", 10_000), "line 10001: more than 10000 instructions"},
		{strings.Repeat("x", 1<<20), "line 1: there is no instruction \"" + strings.Repeat("X", 40) + "…\""},
	} {
		places, err := dockerfile.Locate(nil, "Dockerfile", strings.NewReader(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) || places != nil {
			t.Errorf("%.40q: %v, %v, want an error with %q", tt.text, places, err, tt.want)
		}
	}
	broken := errors.New("broken")
	if _, err := dockerfile.Locate(nil, "Dockerfile", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a reader's error came back as %v", err)
	}
}

// TestLatin1 has a comment in an old encoding, and a command, as JSON keeps it;
// and the mark of another.
func TestLatin1(t *testing.T) {
	layers := []result.Layer{{Instruction: "RUN echo caf\ufffd"}}
	sameLines(t, layers, "\ufeff# caf\xe9\nFROM scratch\nRUN echo caf\xe9\n", []string{"3"})
}

// TestHostile is about time and memory: each would take minutes or gigabytes
// if work were not bounded.
func TestHostile(t *testing.T) {
	same := func(n int, instruction string) []result.Layer {
		layers := make([]result.Layer, n)
		for i := range layers {
			layers[i].Instruction = instruction
		}
		return layers
	}
	long := strings.Repeat("x", 3<<10)
	for name, h := range map[string]struct {
		layers []result.Layer
		text   string
	}{
		"many equal instructions": {same(100_000, "RUN x"), "FROM a\n" + strings.Repeat("RUN x\n", 9_999)},
		"many stages":             {same(100_000, "RUN x"), strings.Repeat("FROM a AS a\nRUN x\n", 5_000)},
		"stages of a variable":    {same(1000, "RUN x"), "ARG A\n" + strings.Repeat("FROM a$A AS a\nRUN x\n", 4_000)},
		"a chain of stages":       {same(1000, "RUN x"), "FROM a AS a\n" + strings.Repeat("FROM a AS a\n", 9_999)},
		"long instructions":       {same(1000, "COPY "+long+" "+long), "FROM a\n" + strings.Repeat("COPY "+long+"y "+long+"\n", 600)},
		"many variables":          {same(1000, "ENV "+long), "FROM a\n" + strings.Repeat("ENV "+strings.Repeat("x$A", 1000)+"y\n", 1000)},
		"braces":                  {same(10, "ENV x"), "FROM a\nENV " + strings.Repeat("${", 1<<20) + "\n"},
		"one long word":           {same(10, "RUN x"), "FROM a\nRUN " + strings.Repeat("x", 4<<20-100) + "\n"},
		"words":                   {same(10, "RUN x"), "FROM a\nRUN " + strings.Repeat("a ", 2<<20-100) + "\n"},
		"flags":                   {same(10, "RUN x"), "FROM a\nRUN " + strings.Repeat("--a ", 1<<20-100) + "\n"},
		"here-documents":          {same(10, "RUN x"), "FROM a\n" + strings.Repeat("RUN <<E <<E <<E\nE\nE\nE\n", 9_000)},
		"openings":                {same(10, "RUN x"), "FROM a\nRUN " + strings.Repeat("<<E ", 100_000) + "\n" + strings.Repeat("E\n", 100_000)},
		"continued lines":         {same(10, "RUN x"), "FROM a\nRUN x" + strings.Repeat("\\\n", 2<<20-100)},
		"quotes":                  {same(10, "COPY x y"), "FROM a\n" + strings.Repeat("COPY ' \" \n", 9_999)},
		"a long history":          {same(10, strings.Repeat("RUN x ", 1<<20)), "FROM a\nRUN x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			places, err := dockerfile.Locate(h.layers, "Dockerfile", strings.NewReader(h.text))
			if err != nil || len(places) != len(h.layers) {
				t.Errorf("%d places for %d layers, %v", len(places), len(h.layers), err)
			}
			t.Log(time.Since(start))
		})
	}
}

// FuzzLocate looks for panics, and for places that are none.
func FuzzLocate(f *testing.F) {
	for _, text := range []string{
		"FROM a\nRUN x\nCOPY a b\n", "# escape=`\nFROM a\nRUN x `\n  y\n", "FROM a AS b\nONBUILD RUN <<E\nE\nFROM b\nCOPY <<E $A\nE\n",
		"ARG A=b\nFROM ${A:-c} AS d\nENV X=$A\nSHELL [\"x\", \"-c\"]\nRUN [\"y\"]\nEXPOSE 1-2\nHEALTHCHECK NONE\nWORKDIR ../x",
	} {
		f.Add([]byte(text), "RUN /bin/sh -c x # buildkit\n/bin/sh -c #(nop) COPY file:abc in b\nENV X=b\n\nRUN |1 A=b x -c y")
	}
	f.Fuzz(func(t *testing.T, text []byte, history string) {
		var layers []result.Layer
		for i, line := range strings.Split(history, "\n") {
			layers = append(layers, result.Layer{Index: i, Instruction: line, CreatedBy: line, Empty: len(line)%3 == 0})
		}
		places, err := dockerfile.Locate(layers, "Dockerfile", bytes.NewReader(text))
		if err != nil {
			return
		}
		last := 1 + bytes.Count(text, []byte("\n"))
		for i, p := range places {
			if p != nil && (p.Line < 1 || p.EndLine < p.Line || p.EndLine > last || p.Path != "Dockerfile") {
				t.Errorf("layer %d is at %+v of %d lines", i, *p, last)
			}
		}
		if len(places) != len(layers) {
			t.Errorf("%d places for %d layers", len(places), len(layers))
		}
	})
}

// BenchmarkLocate is a large but usual case: 60 instructions on a base of 40.
func BenchmarkLocate(b *testing.B) {
	text := "FROM a\n"
	layers := make([]result.Layer, 40)
	for i := range layers {
		layers[i].Instruction = fmt.Sprintf("RUN make base-%d", i)
	}
	for i := range 60 {
		text += fmt.Sprintf("# the part %[1]d\nRUN make part-%[1]d && \\\n    make install-%[1]d\n", i)
		layers = append(layers, result.Layer{Instruction: fmt.Sprintf("RUN make part-%[1]d && make install-%[1]d", i)})
	}
	for b.Loop() {
		places, err := dockerfile.Locate(layers, "Dockerfile", strings.NewReader(text))
		if err != nil || places[99] == nil {
			b.Fatal(places, err)
		}
	}
}
