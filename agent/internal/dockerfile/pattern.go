package dockerfile

import "strings"

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

// gapped replaces the variables of a text.
func gapped(text string, escape byte) string {
	return replaced(text, escape, func(string) string { return gap })
}

// replaced replaces the variables of a text: $A and ${A…}. Those that are
// escaped are none.
func replaced(text string, escape byte, by func(variable string) string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 1
		switch {
		case text[i] == escape:
			n = min(2, len(text)-i)
		case text[i] == '$':
			if n = variable(text[i:]); n > 1 {
				b.WriteString(by(text[i : i+n]))
				i += n
				continue
			}
		}
		b.WriteString(text[i : i+n])
		i += n
	}
	return b.String()
}

// variable is the length of the variable that a text begins with, 1 if it is
// nothing but a $. In its braces there can be others.
func variable(text string) int {
	if !strings.HasPrefix(text, "${") {
		n := 1
		for n < len(text) && (text[n] == '_' || '0' <= text[n] && text[n] <= '9' || 'a' <= text[n]|0x20 && text[n]|0x20 <= 'z') {
			n++
		}
		return n
	}
	depth := 0
	for i := 1; i < min(len(text), 256); i++ { // longer ones are no file's name
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 1
}

// newPattern makes a pattern of a text that gapped has seen. A variable that
// was a word may have been empty: its gap takes the space along. One of too
// many parts has a gap in place of the last of them.
func newPattern(text string) pattern {
	text = strings.TrimSuffix(strings.ReplaceAll(" "+text+" ", " "+gap+" ", " "+gap), " ")
	p := pattern(strings.Split(strings.TrimPrefix(text, " "), gap))
	if n := len(p) - 1; n > 0 && p[n] == "" {
		p[n-1] = strings.TrimSuffix(p[n-1], " ")
	}
	if len(p) > maxParts {
		p[maxParts-1] = p[len(p)-1]
		p = p[:maxParts]
	}
	return p
}

// sureness is how much it says that a text fits.
func (p pattern) sureness() int {
	if len(p) > 1 {
		return likely
	}
	return sure
}
