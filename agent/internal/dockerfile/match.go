package dockerfile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/result"
)

// How much a match counts. Only what is said in full counts in full.
const (
	none   = 0
	vague  = 1 // the keyword alone: ARG, of which buildah writes the wrong name
	likely = 2 // something is not said: a variable, the files that were copied
	sure   = 3
)

// step is an instruction of the Dockerfile, and how builders write it in a
// history.
type step struct {
	keyword  string
	at       lines
	commands []string  // RUN: the command, as one builder or another writes it
	argv     string    // RUN: the whole command line, where the history may have it
	piped    string    // RUN: a here-document that is run as a programme
	forms    []pattern // other keywords: the arguments
	to       pattern   // COPY, ADD: where to
}

// entry is an entry of the history.
type entry struct {
	keyword string // "" where it has none
	text    string // RUN and none: the rest
	cut     string // text without what buildah adds to it
	form    string // other keywords: the arguments
	to      string // COPY, ADD: where to, if no more is said
	empty   bool   // it has no layer of its own
	layered bool   // it was written by a builder that makes a layer of each instruction
}

// blank says that nobody knows what made the entry.
func (e entry) blank() bool { return e.keyword == "" && e.text == "" }

// entriesOf reads a history.
func entriesOf(layers []result.Layer) []entry {
	all := make([]entry, len(layers))
	for i, l := range layers {
		all[i] = newEntry(l)
	}
	return all
}

func newEntry(l result.Layer) entry {
	e := entry{empty: l.Empty, text: l.Instruction}
	// Docker's classic builder has two spaces where buildah has one.
	e.layered = strings.HasSuffix(l.CreatedBy, "# buildkit") || strings.Contains(l.CreatedBy, "#(nop)  ")
	first, rest := word(withoutTail(l.Instruction, options), 0)
	if _, known := keywords[strings.ToUpper(first)]; !known {
		return e
	}
	e.keyword, e.text = strings.ToUpper(first), strings.TrimLeft(rest, space)
	switch e.keyword {
	case "RUN":
		e.cut = withoutTail(e.text, checksums)
	case "COPY", "ADD":
		e.form = unmarked(strings.Join(copied(e.text, 0), " "))
		if m := counted.FindStringSubmatch(e.text); m != nil && strings.Contains(l.CreatedBy, "#(nop)") {
			e.to = unmarked(m[1])
		}
	default:
		e.form = plain(e.keyword, e.text)
	}
	return e
}

// Buildah puts options of the build at the end of an entry, and the checksums
// of what RUN mounts, so that its cache sees them (imagebuildah, getCreatedBy).
var (
	options   = regexp.MustCompile(`(?: ?\|(?:unsetLabel|inheritLabels|unsetAnnotation|inheritAnnotations|force-mtime|clamp-mtime)=[^|]*)+$`)
	checksums = regexp.MustCompile(`(?::(?:sha256:)?[0-9a-f]{64})+$`)
)

// withoutTail looks for it in the last KiB alone, as others write more there.
func withoutTail(text string, tail *regexp.Regexp) string {
	from := max(0, len(text)-1<<10)
	return text[:from] + tail.ReplaceAllString(text[from:], "")
}

// counted is how docker's classic builder and buildah write what they copied:
// "file in /to", with the checksum or without, after flags or after nothing.
var counted = regexp.MustCompile(`^(?:--.*?)?(?:(?:file|dir|multi)(?::[0-9a-f]+)?|[0-9a-f]{64}) in (.+)$`)

// newStep prepares an instruction; shell is what the Dockerfile's last SHELL
// before it says.
func newStep(in instruction, shell string) step {
	s := step{keyword: in.keyword, at: in.at}
	switch in.keyword {
	case "RUN":
		s.run(in, shell)
	case "COPY", "ADD":
		names := copied(in.arguments, in.escape)
		for i, n := range names {
			names[i] = gapped(n, in.escape)
		}
		s.forms = []pattern{newPattern(unmarked(strings.Join(names, " ")))}
		s.to = newPattern(unmarked(names[len(names)-1]))
	default:
		for _, form := range forms(in.keyword, gapped(in.arguments, in.escape), shell) {
			s.forms = append(s.forms, newPattern(form))
		}
	}
	return s
}

// match says how sure it is that a builder made the entry of the step.
func (s step) match(e entry) int {
	if s.keyword == "RUN" {
		return s.ran(e)
	}
	if s.keyword != e.keyword {
		return none
	}
	for _, p := range s.forms {
		if p.fits(e.form) {
			return p.sureness()
		}
	}
	switch {
	case e.to != "" && s.to.fits(e.to):
		return likely
	case s.keyword == "ARG":
		return vague
	}
	return none
}

// ran is match for RUN. A command without a shell has lost its keyword in the
// history of docker's classic builder, and may stand behind the build's
// arguments: |1 A=b command.
func (s step) ran(e entry) int {
	behind := strings.HasPrefix(e.text, "|") && strings.HasSuffix(e.text, " "+s.argv)
	switch {
	case e.keyword != "RUN" && e.keyword != "":
		return none
	case e.keyword == "RUN" && (slices.Contains(s.commands, e.text) || slices.Contains(s.commands, e.cut)):
		return sure
	case s.argv != "" && (e.text == s.argv || behind):
		return sure
	case s.piped != "" && e.text == s.piped:
		return likely
	}
	return none
}
