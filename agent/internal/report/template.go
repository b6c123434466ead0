package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"

	"github.com/layergate/layergate/agent/internal/result"
)

// maxTemplateOutput bounds what a template writes: it is kept in memory until
// it is known to be whole.
const maxTemplateOutput = 64 << 20

// writeTemplate writes what a Go template (text/template) of the user's own
// makes of the result, or nothing if the template is wrong. The dot is the
// *result.Result; a field or a key that is not there is an error.
//
// A template prints what an image says as it is: the functions that escape are
// there for it to use. It can read the result and nothing else: no function
// reaches a file, the environment or a network.
func writeTemplate(w io.Writer, r *result.Result, o Options) error {
	if o.Template == "" {
		return errors.New("the template is empty")
	}
	if at := changing.FindStringIndex(o.Template); at != nil {
		return fmt.Errorf("template line %d: %s would change the result", 1+strings.Count(o.Template[:at[0]], "\n"), o.Template[at[0]:at[1]])
	}
	t, err := template.New("template").Option("missingkey=error").Funcs(templateFuncs(r)).Parse(o.Template)
	if err != nil {
		return withLine(err)
	}
	out := boundedBuffer{room: maxTemplateOutput}
	if err := t.Execute(&out, r); err != nil {
		return withLine(err)
	}
	_, err = w.Write(out.buf.Bytes())
	return err
}

// changing are the methods by which a template could change the result that
// other reports are made of: those that decode into a time or a severity. A
// template can call a method only by writing its name.
var changing = regexp.MustCompile(`\.(Unmarshal[A-Za-z]*|GobDecode)`)

// errTooMuch is what a template without an end comes to.
var errTooMuch = fmt.Errorf("the template writes more than %d MiB", maxTemplateOutput>>20)

// boundedBuffer takes so many bytes and no more.
type boundedBuffer struct {
	buf  bytes.Buffer
	room int
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if len(p) > b.room-b.buf.Len() {
		return 0, errTooMuch
	}
	return b.buf.Write(p)
}

// withLine takes text/template's own names out of its errors: what is left is
// the line, the place in it and what is wrong.
func withLine(err error) error {
	if m := templateError.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("template line %s: %s", m[1], m[2])
	}
	return err
}

var templateError = regexp.MustCompile(`(?s)^template: template:(\d+)(?::\d+)?: (?:executing "[^"]*" )?(.*)$`)
