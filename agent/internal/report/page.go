package report

import (
	"bytes"
	"strings"
)

// style is an ANSI "select graphic rendition" sequence's parameters.
type style string

// The styles of the table. Colour never carries meaning alone: each coloured
// word says the same in letters.
const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	yellow style = "33"
	cyan   style = "36"
	alarm  style = "1;31"
	good   style = "1;32"
)

// span is a piece of text in one style. Its text is escaped: spans are made by
// text and linked only.
type span struct {
	text  string
	style style
	url   string
}

func text(st style, s string) span { return span{text: EscapeTerminal(s), style: st} }

// linked is an id that leads to its page, if it has one.
func linked(st style, id string) span {
	return span{text: EscapeTerminal(id), style: st, url: Link(id)}
}

func (s span) columns() int { return columns(s.text) }

// page is a text for terminals in the making. Only spans get onto it, so
// nothing is printed that was not escaped.
type page struct {
	buf   bytes.Buffer
	opts  Options
	width int
	at    int   // the column that is written next
	on    style // the style that the terminal is in
}

// minWidth is what a page takes at least; a narrower terminal breaks its lines.
const minWidth = 60

func newPage(o Options) *page {
	p := &page{opts: o, width: max(o.Width, minWidth)}
	if o.Width <= 0 {
		p.width = DefaultWidth
	}
	return p
}

func (p *page) newline() {
	p.turn(plain)
	p.buf.WriteByte('\n')
	p.at = 0
}

// pad moves to a column, on a new line if the current one is past it.
func (p *page) pad(column int) {
	if p.at > column {
		p.newline()
	}
	p.turn(plain)
	p.buf.WriteString(strings.Repeat(" ", column-p.at))
	p.at = column
}

func (p *page) put(s span) {
	if s.text == "" {
		return
	}
	p.turn(s.style)
	if p.opts.Hyperlinks && s.url != "" {
		p.buf.WriteString("\x1b]8;;" + s.url + "\x1b\\" + s.text + "\x1b]8;;\x1b\\")
	} else {
		p.buf.WriteString(s.text)
	}
	p.at += s.columns()
}

// turn puts the terminal into a style.
func (p *page) turn(to style) {
	if !p.opts.Color || p.on == to {
		return
	}
	if p.on != plain {
		p.buf.WriteString("\x1b[0m")
	}
	if to != plain {
		p.buf.WriteString("\x1b[" + string(to) + "m")
	}
	p.on = to
}

// line writes spans after one another, as they are, and ends the line.
func (p *page) line(indent int, spans ...span) {
	p.pad(indent)
	for _, s := range spans {
		p.put(s)
	}
	p.newline()
}

// flow writes spans from the current column on, one space apart, going on at
// the column hang where the width would be passed, and ends the line. A span
// is never cut: one that is too long for a line gets a line.
func (p *page) flow(hang int, spans ...span) {
	for i, s := range spans {
		if i > 0 {
			if p.at+1+s.columns() > p.width {
				p.newline()
				p.pad(hang)
			} else {
				gap := span{text: " "}
				if s.style == spans[i-1].style {
					gap.style = s.style
				}
				p.put(gap)
			}
		}
		p.put(s)
	}
	p.newline()
}

// words splits a sentence for flow.
func words(st style, s string) []span {
	var spans []span
	for _, w := range strings.Fields(EscapeTerminal(s)) {
		spans = append(spans, span{text: w, style: st})
	}
	return spans
}

// paragraph writes a sentence, wrapped to the width.
func (p *page) paragraph(indent, hang int, st style, s string) {
	p.pad(indent)
	p.flow(hang, words(st, s)...)
}
