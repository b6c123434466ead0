package image_test

import (
	"strings"
	"testing"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/image"
)

func FuzzInstruction(f *testing.F) {
	f.Add(`|1 A=b /bin/sh -c #(nop) x`, "FROM a", false)
	f.Add("RUN /bin/bash -eo pipefail -c a\nb # buildkit", "", true)
	f.Fuzz(func(t *testing.T, createdBy, comment string, empty bool) {
		history := []v1.History{{CreatedBy: createdBy, Comment: comment, EmptyLayer: empty}, {CreatedBy: createdBy}}
		layers := make([]image.Layer, 2)
		if empty {
			layers = layers[:1]
		}
		all, notes := image.Layers(history, layers)
		if len(all) != 2 || len(notes) != 0 {
			t.Fatalf("%d layers, notes %q", len(all), notes)
		}
		for _, l := range all {
			if strings.ContainsFunc(l.Instruction, unicode.IsControl) {
				t.Errorf("%q has control characters", l.Instruction)
			}
		}
	})
}
