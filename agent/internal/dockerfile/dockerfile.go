// Package dockerfile finds an image's instructions in the Dockerfile that it
// was built from, so that a finding can be shown at the line to change.
//
// An image does not record where its instructions stood. It has its history:
// the base image's entries, then one for each instruction, in order, in the
// words of the builder. So the Dockerfile is read (parse.go), the instructions
// that lead to the image are put in a row (stage.go), and that row is aligned
// with the end of the history (align.go), where two match if one can have been
// made from the other (match.go).
//
// A wrong line is worse than none: a layer has a place only if every best
// alignment gives it that place, and none has one if most of the Dockerfile's
// RUN, COPY and ADD are not in the history: it is another image's then.
//
// # Why not a library
//
// BuildKit's parser (frontend/dockerfile/parser v0.34.2) was tried. Through its
// errors it brings the protobuf runtime along: the binary grows from 14.0 to
// 15.7 MB, by five modules (v0.23.2: to 18.6 MB), and starts half a millisecond
// later. We need the lines and the text of an instruction, which is parse.go.
// The two were compared on 480 Dockerfiles from the tests of BuildKit, buildah
// and kaniko and on 30,000 random ones: whatever both accept they read alike.
// The alignment was compared with what BuildKit's converter makes of 1,000
// random Dockerfiles: all 8,761 instructions were found at their lines.
package dockerfile

import (
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/result"
)

// Limits, so that a hostile Dockerfile or history costs seconds, not minutes.
// What is above maxRow is cut at the top, where the base image is.
const (
	maxText  = 4 << 20 // bytes of a Dockerfile
	maxSteps = 10_000  // instructions of a Dockerfile
	maxRow   = 1000    // instructions, and entries of a history, that are aligned
	maxParts = 20      // texts between the variables of an instruction
	maxCells = 4 << 20 // pairs of them that are looked at, for all stages
	perStep  = 512     // what preparing an instruction for a row costs, in pairs
)

// Locate says where the instruction of each layer stands in a Dockerfile. path
// is what the places say: relative to the repository's root, with slashes. The
// places are as many as the layers; nil where the Dockerfile does not have the
// instruction, as for those of the base image, and where there is doubt.
//
// A layer that holds the files of several instructions (buildah without
// --layers, docker's --squash) has a place that reaches from the first to the
// last of them.
//
// The image may be of any stage: the one that fits best is taken, and the last
// if several fit as well.
//
// An error says the line, and what is wrong there.
func Locate(layers []result.Layer, path string, dockerfile io.Reader) ([]*result.Place, error) {
	places := make([]*result.Place, len(layers))
	text, err := read(dockerfile)
	if err != nil {
		return nil, err
	}
	instructions, err := parse(text)
	if err != nil {
		return nil, err
	}
	stages, err := stagesOf(instructions)
	if err != nil {
		return nil, err
	}
	top := layers[max(0, len(layers)-maxRow):]
	for i, span := range bestFit(stages, top) {
		if span != (lines{}) {
			places[len(layers)-len(top)+i] = &result.Place{Path: path, Line: span.first, EndLine: span.last}
		}
	}
	return places, nil
}

// bestFit aligns the layers with each stage, the last first, and gives the
// lines of each layer, none where they are not known.
func bestFit(stages []stage, layers []result.Layer) []lines {
	entries := entriesOf(layers)
	var best alignment
	var at row
	cells := maxCells
	for i := len(stages) - 1; i >= 0 && cells > 0; i-- {
		for r := range rows(stages, i) {
			if cells -= (len(r.steps) + 1) * (len(entries) + 1 + perStep); cells < 0 {
				break
			}
			a := align(r.steps, entries)
			known := i == len(stages)-1 || a.score >= 2*sure // one match is no reason to think of another target
			if known && a.score > best.score && a.convincing(r.steps) {
				best, at = a, r
			}
		}
	}
	if best.steps == nil {
		return nil
	}
	return best.places(at, entries)
}

// read reads the whole text.
func read(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return "", err
	}
	text := string(b)
	switch {
	case len(text) > maxText:
		return "", fmt.Errorf("it has more than %d MiB: is it a Dockerfile?", maxText>>20)
	case strings.HasPrefix(text, "\xff\xfe"), strings.HasPrefix(text, "\xfe\xff"):
		return "", fmt.Errorf("line 1: it is UTF-16: save it as UTF-8")
	}
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", fmt.Errorf("line %d: it has a zero byte: is it a Dockerfile?", 1+strings.Count(text[:i], "\n"))
	}
	// What is not UTF-8 is in the history as JSON has it: a U+FFFD for each byte.
	return string([]rune(text)), nil
}
