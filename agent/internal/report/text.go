package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// textWidth is where a text's lines end: what a mail programme shows.
const textWidth = 100

// writeText writes all that people want to know, for a file or a mail. Where
// the table puts together, this lists: every instruction of the image, and
// under it every finding with all that is known of it, each fact on a line with
// its name before it, so that a search finds it. It is ASCII only, and looks
// the same wherever it is written to.
func writeText(w io.Writer, r *result.Result, _ Options) error {
	t := plainText{page: newPage(Options{Width: textWidth}), result: r}
	t.image()
	t.layers()
	t.gaps()
	t.remedies()
	t.base()
	t.verdict()
	_, err := w.Write(ascii(t.buf.Bytes()))
	return err
}

// plainText is a text about one result.
type plainText struct {
	*page
	result *result.Result
}

// fact writes a fact of its own name, if there is one.
func (t *plainText) fact(indent int, name, value string) {
	if value != "" {
		t.paragraph(indent, indent+2, plain, name+": "+value)
	}
}

// facts writes a fact of several values; however many, none is left out.
func (t *plainText) facts(indent int, name string, values []string) {
	if len(values) == 0 {
		return
	}
	said := words(plain, name+":")
	for i, v := range values {
		if i < len(values)-1 {
			v += ","
		}
		said = append(said, text(plain, v))
	}
	t.pad(indent)
	t.flow(indent+2, said...)
}

// section begins a part of the text.
func (t *plainText) section(title string) {
	if t.buf.Len() > 0 {
		t.newline()
	}
	t.line(0, text(plain, title))
	t.line(0, text(plain, strings.Repeat("-", min(columns(EscapeTerminal(title)), textWidth))))
}

func (t *plainText) image() {
	r := t.result
	t.section("Layergate's report of " + firstOf(r.Image.Name, "an image without a name"))
	t.fact(0, "source", strings.TrimSpace(r.Image.Source+" "+r.Image.Location))
	t.fact(0, "platform", platform(r.Image.Platform))
	t.fact(0, "digest", r.Image.Digest)
	t.fact(0, "id", r.Image.ID)
	if d := r.Distro; d != nil {
		t.fact(0, "distro", firstOf(d.Name, strings.TrimSpace(d.ID+" "+d.Version)))
		t.fact(0, "end of the distro's support", d.EndOfLife)
	}
	t.fact(0, "packages", fmt.Sprint(len(r.Packages)))
	for _, n := range r.Image.Notes {
		t.fact(0, "note", n)
	}
	t.fact(0, "scanned", day(r.Created)+" by "+strings.TrimSpace(r.Tool.Name+" "+r.Tool.Version))
}

// layers writes every instruction of the image, lowest first, and what came in
// with it.
func (t *plainText) layers() {
	byLayer := make(map[int][]*finding.Finding)
	for i := range t.result.Findings {
		f := &t.result.Findings[i]
		at := f.Layer
		if _, ok := layerAt(t.result, at); !ok {
			at = -1
		}
		byLayer[at] = append(byLayer[at], f)
	}
	for _, l := range t.result.Layers {
		t.section(layerName(l.Index, l.Origin))
		t.fact(0, "instruction", instruction(l))
		if l.Dockerfile != nil {
			t.fact(0, "stands in", place(*l.Dockerfile))
		}
		if l.Empty {
			t.line(0, text(plain, "changes no file"))
		} else {
			t.fact(0, "digest", firstOf(l.Digest, l.DiffID))
			t.fact(0, "size", size(l.Size)+", "+count(l.Packages, "package"))
		}
		t.findings(byLayer[l.Index])
	}
	if unnamed := byLayer[-1]; len(unnamed) > 0 {
		t.section(noLayer)
		t.findings(unnamed)
	}
}

// findings writes a layer's findings, worst first.
func (t *plainText) findings(fs []*finding.Finding) {
	slices.SortStableFunc(fs, func(a, b *finding.Finding) int {
		return cmp.Or(cmp.Compare(weight(b.Verdict.Action), weight(a.Verdict.Action)), cmp.Compare(b.Severity, a.Severity),
			cmp.Compare(subject(a), subject(b)), cmp.Compare(a.ID, b.ID))
	})
	for _, f := range fs {
		t.newline()
		t.finding(f)
	}
}

// gaps writes all that could not be read or decided, by reason.
func (t *plainText) gaps() {
	all := t.result.Incomplete
	if len(all) == 0 {
		return
	}
	t.section(fmt.Sprintf("INCOMPLETE: %s could not be read or decided, so findings may be missing", count(len(all), "thing")))
	for _, g := range gapsByReason(t.result) {
		t.paragraph(0, 2, plain, g.what(t.result)+": "+g.reason)
		for _, gap := range g.gaps {
			t.fact(2, "of", gap.Subject)
			t.facts(4, "undecided", gap.IDs)
		}
	}
}

// remedies writes what to change, by instruction.
func (t *plainText) remedies() {
	remedies := t.result.Remedies
	if len(remedies) == 0 {
		return
	}
	t.section("to clear what blocks")
	for i, m := range remedies {
		if i == 0 || m.Layer != remedies[i-1].Layer {
			t.paragraph(0, 2, plain, "in "+layerTitle(t.result, m.Layer)+advice(t.result, m.Layer))
		}
		t.paragraph(2, 4, plain, remedy(m))
		t.facts(4, "clears", m.IDs)
		for _, p := range m.Paths {
			t.fact(4, "file", p)
		}
	}
}

// base writes what all this was made from.
func (t *plainText) base() {
	d, p := t.result.Database, t.result.Policy
	t.section("made from")
	if len(d.Sources) == 0 && d.Built.IsZero() {
		t.line(0, text(plain, "advisories: none were used"))
	} else {
		t.fact(0, "advisories", indexInWords(t.result))
		for _, s := range d.Sources {
			t.fact(2, "source", sourceDate(s))
		}
	}
	if p.Location != "" {
		t.fact(0, "policy", p.Location)
		t.fact(0, "rule", firstOf(p.Rule, "none"))
	}
	t.facts(0, "total", totals(t.result))
}

// indexInWords is the advisory index and how old it is.
func indexInWords(r *result.Result) string {
	d := r.Database
	return fmt.Sprintf("%s index, newest of %s (%s), built %s", firstOf(d.Location, "unnamed"), day(d.Newest), age(d.Newest, r.Created), day(d.Built))
}

// verdict is the last word.
func (t *plainText) verdict() {
	v := t.result.Verdict
	t.newline()
	t.fact(0, "failed", t.result.Failed)
	t.line(0, text(plain, fmt.Sprintf("verdict: %s (exit code %d)", verdictWord(v), v.ExitCode)))
	for _, reason := range v.Reasons {
		t.paragraph(2, 4, plain, "- "+reason)
	}
}

// ascii writes what is not ASCII as EscapeTerminal would; dots stay dots.
func ascii(s []byte) []byte {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r < utf8.RuneSelf:
			out = append(out, s[0])
		case r == '…':
			out = append(out, "..."...)
		case r > 0xffff:
			out = fmt.Appendf(out, `\U%08x`, r)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		s = s[n:]
	}
	return out
}
