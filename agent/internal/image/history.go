package image

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Layers puts an image's history and its layers, both lowest first, into one
// list: every history entry that changed a file gets the next layer, the
// others become empty layers. Index, Instruction, CreatedBy, Comment, Created,
// Origin and Empty are set in the result; the rest of a Layer is kept.
//
// A history that does not have as many entries with files as there are layers
// cannot be told apart into instructions. Nothing is guessed then: the layers
// come back alone, without instructions, and a note says so.
func Layers(history []v1.History, layers []Layer) (all []Layer, notes []string) {
	full := 0
	for _, h := range history {
		if !h.EmptyLayer {
			full++
		}
	}
	if full != len(layers) {
		all = append(all, layers...)
		for i := range all {
			all[i].Index = i
		}
		if len(history) == 0 {
			return all, []string{"the image has no history: its layers have no instructions"}
		}
		return all, []string{fmt.Sprintf(
			"the history tells of %d layers with files and the image has %d: no instruction is tied to a layer", full, len(layers))}
	}

	for _, h := range history {
		l := Layer{Empty: true}
		if !h.EmptyLayer {
			l, layers = layers[0], layers[1:]
		}
		l.Index = len(all)
		l.Instruction = instruction(h.CreatedBy)
		l.CreatedBy, l.Comment, l.Created = h.CreatedBy, h.Comment, h.Created.Time
		all = append(all, l)
	}
	if end := baseEnd(all); end > 0 {
		for i := range all {
			all[i].Origin = OriginApp
			if i < end {
				all[i].Origin = OriginBase
			}
		}
	}
	return all, nil
}

// shellForm is how builders record a command that a shell ran: perhaps RUN
// (BuildKit), perhaps |N and N build arguments, the shell with its flags, and
// the command. The arguments' values may hold spaces, so they are everything
// up to the first shell.
var shellForm = regexp.MustCompile(`^(?:RUN )?(?:\|\d+ (?:.*? )?)?` +
	`(?:(?:/usr)?/bin/(?:ba|da|a|k|z)?sh(?: (?:-[A-Za-z]+|pipefail))*? -[A-Za-z]*c|cmd /S /C) (.*)$`)

// withArguments is how they record a command that no shell ran, where there are
// build arguments: N of them come first.
var withArguments = regexp.MustCompile(`^(?:RUN )?\|(\d{1,3}) (.*)$`)

var argument = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// checksum is what docker's classic builder writes for what it copied, with no
// space after flags. It says nothing to people and is another in every build,
// so it would make the same instruction look like a new one.
var checksum = regexp.MustCompile(` ?(file|dir|multi):[0-9a-f]{64}\b`)

// instruction is the Dockerfile instruction behind a history entry's
// created_by, on one line. What no Dockerfile made (jib, bazel, buildpacks) is
// left as it stands.
func instruction(createdBy string) string {
	s := oneLine(createdBy)
	s = strings.TrimSuffix(s, " # buildkit")
	m := shellForm.FindStringSubmatch(s)
	if m == nil {
		return withoutArguments(s)
	}
	if nop, ok := strings.CutPrefix(m[1], "#(nop)"); ok {
		return checksum.ReplaceAllString(strings.TrimSpace(nop), " $1")
	}
	return "RUN " + m[1]
}

// withoutArguments leaves out the build arguments of a command that no shell
// ran: their values are others in every build. The history does not say where a
// value with spaces ends; then some of it stays.
func withoutArguments(s string) string {
	m := withArguments.FindStringSubmatch(s)
	if m == nil {
		return s
	}
	n, err := strconv.Atoi(m[1])
	words := strings.Split(m[2], " ")
	if err != nil || n >= len(words) || !argument.MatchString(words[0]) {
		return s
	}
	return "RUN " + strings.Join(words[n:], " ")
}

// oneLine collapses white space and drops what a terminal could take for a
// command.
func oneLine(s string) string {
	fields := strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	})
	return strings.Join(fields, " ")
}
