package dockerfile

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// lines is a range of lines, counted from 1, both inclusive.
type lines struct{ first, last int }

// instruction is one instruction of a Dockerfile.
type instruction struct {
	keyword   string // in capitals
	arguments string // the rest: continued lines joined, comments left out
	documents []document
	at        lines
	escape    byte // what escapes a character: \ or `
}

// keywords are all that there are (docs.docker.com/reference/dockerfile). The
// value says whether the instruction makes files.
var keywords = map[string]bool{
	"ADD": true, "COPY": true, "RUN": true,
	"ARG": false, "CMD": false, "ENTRYPOINT": false, "ENV": false, "EXPOSE": false, "FROM": false, "HEALTHCHECK": false,
	"LABEL": false, "MAINTAINER": false, "ONBUILD": false, "SHELL": false, "STOPSIGNAL": false, "USER": false,
	"VOLUME": false, "WORKDIR": false,
}

// directive is a comment at the top that speaks to the parser.
var directive = regexp.MustCompile(`^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$`)

// source is a Dockerfile that is being read.
type source struct {
	rest   string
	line   int // of what next gave last
	escape byte
}

// next is the next line without its end.
func (s *source) next() (line string, ok bool) {
	if s.rest == "" {
		return "", false
	}
	line, s.rest, _ = strings.Cut(s.rest, "\n")
	s.line++
	return strings.TrimRight(line, "\r"), true
}

func (s *source) errorf(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))
}

// parse reads a Dockerfile as BuildKit does. Unlike it, it accepts flags and
// arguments that make no sense: the image was built, so some builder knew them.
func parse(text string) ([]instruction, error) {
	s := &source{rest: strings.TrimPrefix(text, "\ufeff"), escape: '\\'}
	var all []instruction
	top := true // only directives so far
	for {
		line, ok := s.next()
		if !ok {
			break
		}
		line = strings.TrimLeftFunc(line, unicode.IsSpace)
		if m := directive.FindStringSubmatch(line); top && m != nil {
			if err := s.direct(m[1], m[2]); err != nil {
				return nil, err
			}
			continue
		}
		top = false
		if line == "" || line[0] == '#' {
			continue
		}
		in, err := s.instruction(line)
		if err != nil {
			return nil, err
		}
		if in.keyword == "" {
			continue
		}
		if all = append(all, in); len(all) > maxSteps {
			return nil, s.errorf(s.line, "more than %d instructions: is it a Dockerfile?", maxSteps)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("it has no instructions: is it a Dockerfile?")
	}
	return all, nil
}

// direct obeys a directive. All but escape are for others.
func (s *source) direct(name, value string) error {
	if !strings.EqualFold(name, "escape") {
		return nil
	}
	if value != `\` && value != "`" {
		return s.errorf(s.line, "the escape character is %q: it must be \\ or `", value)
	}
	s.escape = value[0]
	return nil
}

// instruction reads the rest of the instruction that line begins.
func (s *source) instruction(line string) (instruction, error) {
	in := instruction{at: lines{first: s.line}, escape: s.escape}
	var b strings.Builder
	line, more := s.continued(line)
	b.WriteString(line)
	for more {
		if line, more = s.next(); !more {
			break
		}
		if blank := strings.TrimSpace(line); blank == "" || blank[0] == '#' {
			continue // both stand between the lines of an instruction without ending it
		}
		line, more = s.continued(line)
		b.WriteString(line)
	}
	joined := strings.TrimSpace(b.String())
	in.keyword, in.arguments = joined, ""
	if i := strings.IndexFunc(joined, unicode.IsSpace); i > 0 {
		in.keyword, in.arguments = joined[:i], strings.TrimSpace(joined[i:])
	}
	in.keyword = strings.ToUpper(in.keyword)
	if _, known := keywords[in.keyword]; !known && joined != "" {
		return in, s.errorf(in.at.first, "there is no instruction %s: is it a Dockerfile?", shown(in.keyword))
	}
	err := s.documents(&in)
	in.at.last = s.line
	return in, err
}

// continued takes the escape character from the end of a line that goes on in
// the next. Two of them are one that is escaped.
func (s *source) continued(line string) (string, bool) {
	trimmed := strings.TrimRight(line, " \t")
	n := len(trimmed) - 1
	if n < 0 || trimmed[n] != s.escape || n > 0 && trimmed[n-1] == s.escape {
		return line, false
	}
	return trimmed[:n], true
}

// shown is a word as an error shows it: what is no Dockerfile may have long ones.
func shown(word string) string {
	if len(word) > 40 {
		word = strings.ToValidUTF8(word[:40], "") + "…"
	}
	return fmt.Sprintf("%q", word)
}
