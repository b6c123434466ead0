package report

import (
	"regexp"
	"strings"
)

// This file keeps an image's text from being Markdown. GitLab and GitHub look
// for mentions, references, commit hashes, emoji and bare links in the text
// that is left after Markdown was rendered, so no escape of a character helps:
// they all leave code spans alone. So every name is a code span, and of a
// sentence every word that is not plainly harmless.

// code is a text as a code span on one line, cut to max columns; nothing for
// an empty text. The marker of an HTML comment is broken, since by a comment
// of its own a sticky note is found again.
func code(s string, max int) string {
	s = strings.ReplaceAll(shorten(EscapeTerminal(s), max), "<!--", `<\x21--`)
	if s == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(s, fence) {
		fence += "`"
	}
	// A blank within each fence is taken off by Markdown, if there is one on both
	// sides. Without it a backtick would lengthen the fence.
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") || strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cell makes a piece of Markdown fit for a table. Renderers do not agree about
// backslashes before a pipe, so that there is none left; pipes are in code
// spans only, where the escape is shown as EscapeTerminal's are.
func cell(md string) string { return strings.ReplaceAll(md, "|", `\x7c`) }

// markdownLink is an id that leads to its page, if it has one.
func markdownLink(id string) string {
	text := code(id, maxCellName)
	if url := Link(id); url != "" {
		return "[" + text + "](" + url + ")"
	}
	return text
}

// prose is a sentence, cut to max columns, with code spans around what could
// mean something to a renderer. Odd words that follow each other share a span.
func prose(s string, max int) string {
	var out, odd []string
	before := ""
	flush := func(after string) {
		if odd != nil {
			out = append(out, before+code(strings.Join(odd, " "), max)+after)
			odd = nil
		}
	}
	for _, w := range strings.Fields(shorten(EscapeTerminal(s), max)) {
		if plainWord(w) {
			flush("")
			out = append(out, w)
			continue
		}
		m := punctuated.FindStringSubmatch(w)
		if m[1] != "" {
			flush("")
		}
		if odd == nil {
			before = m[1]
		}
		odd = append(odd, m[2])
		if m[3] != "" {
			flush(m[3])
		}
	}
	flush("")
	return strings.Join(out, " ")
}

// punctuated is a word and the punctuation of a sentence around it.
var punctuated = regexp.MustCompile(`^(["'(]{0,2})(.+?)([.,:;)"']{0,3})$`)

// plainWord says whether a word means itself to every renderer: letters and
// digits with single signs between them and the punctuation of a sentence
// around, and nothing that is made a link, a reference or a list.
func plainWord(w string) bool {
	return ordinary.MatchString(w) && !special.MatchString(w)
}

var (
	ordinary = regexp.MustCompile(`^[("']{0,2}[A-Za-z0-9]+(?:[.,'=+-][A-Za-z0-9]+)*%?["'.,:;)]{0,3}$`)
	// a bare link, a commit's hash, another tracker's issue (GL-1), a list's number (versions are code, too)
	special = regexp.MustCompile(`(?i)www\.|(?:^|[^0-9a-z])[0-9a-f]{7,}(?:$|[^0-9a-z])|^[^0-9a-z]*[a-z][0-9a-z]*-[0-9]+|^[0-9]+[.)]`)
)
