package dockerfile_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/dockerfile"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestHistories reads testdata/*.txtar: a Dockerfile, and histories of images
// as builders write them. A line of a history is the place that is wanted (a
// line, a range, or - for none), whether the entry has a layer or is empty, and
// its created_by in JSON. The comment at the top says where it is from.
func TestHistories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, f := range archive.Files {
			if strings.HasPrefix(f.Name, "Dockerfile") {
				text = string(f.Data)
				continue
			}
			t.Run(filepath.Base(file)+"/"+f.Name, func(t *testing.T) {
				layers, want := readHistory(t, string(f.Data))
				sameLines(t, layers, text, want)
			})
		}
	}
}

// readHistory reads a history as TestHistories has it.
func readHistory(t testing.TB, text string) (layers []result.Layer, want []string) {
	t.Helper()
	var history []v1.History
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 3)
		if len(fields) < 3 || fields[1] != "layer" && fields[1] != "empty" {
			t.Fatalf("cannot read %q", line)
		}
		h := v1.History{EmptyLayer: fields[1] == "empty"}
		if err := json.Unmarshal([]byte(fields[2]), &h.CreatedBy); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		history, want = append(history, h), append(want, fields[0])
	}
	return layersOf(t, history), want
}

// layersOf is what a scan makes of a history.
func layersOf(t testing.TB, history []v1.History) (layers []result.Layer) {
	t.Helper()
	full := 0
	for _, h := range history {
		if !h.EmptyLayer {
			full++
		}
	}
	all, notes := image.Layers(history, make([]image.Layer, full))
	if len(notes) > 0 {
		t.Fatal(notes)
	}
	for _, l := range all {
		layers = append(layers, result.Layer{Index: l.Index, Instruction: l.Instruction, CreatedBy: l.CreatedBy, Empty: l.Empty, Origin: l.Origin})
	}
	return layers
}

// sameLines compares the places of layers with those that are wanted.
func sameLines(t testing.TB, layers []result.Layer, text string, want []string) {
	t.Helper()
	places, err := dockerfile.Locate(layers, "web/Dockerfile", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var wanted, got []string
	for i, l := range layers {
		wanted, got = append(wanted, want[i]+"\t"+l.Instruction), append(got, shown(places[i])+"\t"+l.Instruction)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("lines of the instructions (-want +got):\n%s", diff)
	}
}

// shown is a place as the fixtures have it.
func shown(p *result.Place) string {
	switch {
	case p == nil:
		return "-"
	case p.Path != "web/Dockerfile":
		return "a place in " + p.Path
	case p.Line == p.EndLine:
		return fmt.Sprint(p.Line)
	}
	return fmt.Sprintf("%d-%d", p.Line, p.EndLine)
}

// Each stage can go on from a hundred others: that many rows are possible, and
// few of them are made.
func TestManyRows(t *testing.T) {
	var b strings.Builder
	b.WriteString("ARG A=b\nFROM b AS s0\n")
	for i := range 1200 {
		fmt.Fprintf(&b, "FROM s%d${A:+} AS s%d\nRUN a %s\n", i, i+1, strings.Repeat("x", 300))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := dockerfile.Locate([]result.Layer{{Instruction: "RUN a"}}, "Dockerfile", strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if made := (after.TotalAlloc - before.TotalAlloc) >> 20; made > 64 {
		t.Errorf("it took %d MiB", made)
	}
}
