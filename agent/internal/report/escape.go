package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// maxText is how many characters of one text from an image are shown. No real
// package name, version, path or reason comes near; a hostile one of megabytes
// must not bury the verdict.
const maxText = 1024

// EscapeTerminal makes text from an image safe to print on a terminal, on one
// line. Everything that a terminal acts on, or that people cannot see, becomes
// a visible escape in Go's notation: control characters (ESC, newlines and the
// C1 range among them), bytes that are not UTF-8, overrides of the writing
// direction, characters without a width, and blanks other than the space. What
// is left takes one or two columns a character.
//
// Combining marks are escaped too: there is no bound to how many of them stack
// up on one character. A text longer than maxText is cut, and says so.
//
// What a terminal shows is a pipeline's log too, so log commands are broken.
func EscapeTerminal(s string) string { return breakCommands(escapeUnseen(s)) }

// breakCommands keeps a text from giving orders to the agent that reads the
// log. Azure's acts on "##vso[" and "##[" anywhere in a line, TeamCity's on
// "##teamcity[", and GitHub's on "::" at a line's start, which is where any
// word can end up.
func breakCommands(s string) string {
	if !strings.Contains(s, "##") && !strings.Contains(s, "::") {
		return s
	}
	s = bracketCommand.ReplaceAllString(s, `#\x23$1[`)
	return colonCommand.ReplaceAllString(s, `$1\x3a:`)
}

var (
	bracketCommand = regexp.MustCompile(`(?i)##([a-z]*)\[`)
	colonCommand   = regexp.MustCompile(`(^| )::`)
)

func escapeUnseen(s string) string {
	if plainASCII(s) && len(s) <= maxText {
		return s
	}
	var b strings.Builder
	for i, n := 0, 0; i < len(s); n++ {
		if n == maxText {
			fmt.Fprintf(&b, "…[%d more bytes]", len(s)-i)
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case visible(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += size
	}
	return b.String()
}

func plainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible says whether r is a character that people see, in a column of its
// own. unicode.IsPrint already leaves out control, format (direction,
// zero-width, tags), private and blank characters; the fillers are letters and
// symbols by category and yet blank.
func visible(r rune) bool {
	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', // Hangul fillers
		'\u2800': // Braille blank
		return false
	}
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Mn, unicode.Me)
}

// columns is how many columns an escaped text takes on a terminal.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r < 0x1100 { // below the first wide character
			continue
		}
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			n++
		}
	}
	return n
}

// shorten cuts an escaped text to the given columns, ending it in "…".
func shorten(s string, max int) string {
	if columns(s) <= max {
		return s
	}
	n := 0
	for i, r := range s {
		n += columns(string(r))
		if n >= max {
			return s[:i] + "…"
		}
	}
	return s
}
