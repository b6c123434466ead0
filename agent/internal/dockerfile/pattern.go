package dockerfile

import (
	"regexp"
	"strings"
)

// pattern is a text with gaps: anything can stand between its parts. The gaps
// are variables: $A, ${A}, ${A:-x}. Their values are not worked out, since
// those of build arguments and of the base image's environment are in no
// Dockerfile.
type pattern []string

// fits says whether the text can be what the pattern became.
func (p pattern) fits(text string) bool {
	first, last := p[0], p[len(p)-1]
	if len(p) == 1 {
		return text == first
	}
	if !strings.HasPrefix(text, first) || len(text) < len(first)+len(last) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range p[1 : len(p)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}

// gap stands for a variable while a pattern is made. It is no character.
const gap = "\uffff"

// variable finds $A and ${A…}, in whose braces there can be others; and what is
// escaped, which is none.
var variable = map[byte]*regexp.Regexp{
	'\\': regexp.MustCompile(`\\.|\$(?:\w+|\{(?:[^{}]|\{[^{}]*\})*\})`),
	'`':  regexp.MustCompile("`.|" + `\$(?:\w+|\{(?:[^{}]|\{[^{}]*\})*\})`),
}

// gapped replaces the variables of a text.
func gapped(text string, escape byte) string {
	return variable[escape].ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == escape {
			return s
		}
		return gap
	})
}

// newPattern makes a pattern of a text that gapped has seen.
func newPattern(text string) pattern { return strings.Split(text, gap) }

// sureness is how much it says that a text fits.
func (p pattern) sureness() int {
	if len(p) > 1 {
		return likely
	}
	return sure
}
