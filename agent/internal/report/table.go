package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// writeTable writes the report for people. Its order follows what a developer
// with a blocked merge asks, the last thing on the screen being the first thing
// read: what is the verdict and why, what to change to clear it, what is all
// this based on, and then every finding, by layer.
func writeTable(w io.Writer, r *result.Result, o Options) error {
	t := table{page: newPage(o), result: r, groups: groupsByLayer(r)}
	t.image()
	t.layers()
	return t.end(w)
}

// WriteVerdict writes the end of the table: what to change, what could not be
// read, what the findings rest on, the verdict and its reasons.
func WriteVerdict(w io.Writer, r *result.Result, o Options) error {
	t := table{page: newPage(o), result: r}
	return t.end(w)
}

func (t *table) end(w io.Writer) error {
	t.gaps()
	t.remedies()
	t.database()
	t.totals()
	t.verdict()
	_, err := w.Write(t.buf.Bytes())
	return err
}

// table is a page about one result.
type table struct {
	*page
	result *result.Result
	groups map[int][]group
}

// image says what was looked at.
func (t *table) image() {
	r := t.result
	name := []span{text(plain, "image:"), text(bold, r.Image.Name)}
	for _, s := range []string{r.Image.Source, platform(r.Image.Platform), shortDigest(firstOf(r.Image.Digest, r.Image.ID))} {
		if s != "" {
			name = append(name, text(faint, s))
		}
	}
	t.flow(2, name...)
	if d := r.Distro; d != nil {
		t.distro(d)
	}
	files := 0
	for _, l := range r.Layers {
		if !l.Empty {
			files++
		}
	}
	t.paragraph(0, 2, plain, fmt.Sprintf("contents: %s in %s", count(len(r.Packages), "package"), count(files, "layer")))
	for _, n := range r.Image.Notes {
		t.paragraph(0, 2, yellow, "note: "+n)
	}
	if len(r.Findings) == 0 {
		said := "nothing found"
		if len(r.Incomplete) > 0 {
			said = "nothing found in what could be read"
		}
		t.newline()
		t.paragraph(0, 2, plain, said)
	}
}

func (t *table) distro(d *image.Distro) {
	name := firstOf(d.Name, strings.TrimSpace(d.ID+" "+d.Version))
	spans := words(plain, "distro: "+name)
	switch {
	case d.EndOfLife == "":
	case d.EndOfLife < day(t.result.Created):
		spans = append(spans, words(yellow, "(END OF LIFE since "+d.EndOfLife+": expect no more fixes)")...)
	default:
		spans = append(spans, words(faint, "(supported until "+d.EndOfLife+")")...)
	}
	t.flow(2, spans...)
}

// database says what the findings rest on and how old that is. Each source's
// date counts: a fresh index can hold an old source.
func (t *table) database() {
	d := t.result.Database
	t.newline()
	if len(d.Sources) == 0 && d.Built.IsZero() {
		t.paragraph(0, 2, alarm, "advisories: none were used")
		return
	}
	said := words(plain, fmt.Sprintf("advisories: %s index, newest of %s (%s), built %s;", firstOf(d.Location, "unnamed"),
		day(d.Newest), age(d.Newest, t.result.Created), day(d.Built)))
	for i, s := range d.Sources {
		end := ","
		if i == len(d.Sources)-1 {
			end = ""
		}
		if s.Partial {
			end = " (partial)" + end
		}
		said = append(said, text(faint, s.Name+" "+day(s.Date)+end))
	}
	t.flow(2, said...)
}

// totals counts by severity and by what the policy makes of it.
func (t *table) totals() {
	n := len(t.result.Findings)
	said := []span{text(bold, "total:"), text(plain, count(n, "finding"))}
	totals := t.result.Totals
	for _, s := range finding.Severities {
		if n := totals.BySeverity[s.String()]; n > 0 {
			said = append(said, text(severityStyle(s), fmt.Sprintf("%d %s", n, s)))
		}
	}
	for _, a := range actions {
		if n := totals.ByAction[string(a)]; n > 0 {
			said = append(said, text(actionStyle(a), fmt.Sprintf("%d %s", n, actionWord(a))))
		}
	}
	if n > 0 {
		said = append(said, text(plain, fmt.Sprintf("%d with a fix", totals.Fixable)))
	}
	for i := range said[:len(said)-1] {
		if i > 0 {
			said[i].text += ","
		}
	}
	t.flow(2, said...)
}

// verdict is the last word.
func (t *table) verdict() {
	v := t.result.Verdict
	st := good
	switch {
	case v.ExitCode != 0:
		st = alarm
	case v.Action == finding.Alert:
		st = yellow
	}
	t.newline()
	by := fmt.Sprintf("exit code %d", v.ExitCode)
	switch p := t.result.Policy; {
	case p.Location == "":
	case p.Rule == "":
		by += fmt.Sprintf(", by no rule of the %s policy", p.Location)
	default:
		by += fmt.Sprintf(", by rule %q of the %s policy", p.Rule, p.Location)
	}
	t.flow(2, append([]span{text(plain, "verdict:"), text(st, verdictWord(v))}, words(faint, "("+by+")")...)...)
	for _, reason := range v.Reasons {
		t.paragraph(2, 4, plain, "- "+reason)
	}
}
