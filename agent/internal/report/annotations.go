package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/result"
)

// dialects are the log commands of pipelines.
var dialects = []struct {
	name  string
	write func(b *bytes.Buffer, a annotation)
}{
	{"github", githubCommand},
	{"azure", azureCommand},
}

// Annotations are the dialects' names.
var Annotations = dialectNames()

func dialectNames() []string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.name
	}
	return names
}

// Annotate writes log commands: lines that a pipeline's agent takes out of a
// step's output to show them beside the build and at the Dockerfile's lines.
// Both agents read stdout; GitHub's reads stderr too.
//
// The verdict comes first, then what was not read, what blocks and what alerts,
// each by what people change: a package in an instruction, not a CVE. As many
// are written as are shown, and the verdict counts the rest.
func Annotate(w io.Writer, dialect string, r *result.Result) error {
	for _, d := range dialects {
		if d.name != dialect {
			continue
		}
		var b bytes.Buffer
		for _, a := range annotations(r) {
			d.write(&b, a)
		}
		_, err := w.Write(b.Bytes())
		return err
	}
	return fmt.Errorf("unknown dialect of annotations %q (want one of: %s)", dialect, strings.Join(Annotations, ", "))
}

// level is how loud an annotation is; the words are GitHub's.
type level string

const (
	asError   level = "error"
	asWarning level = "warning"
	asNotice  level = "notice"
)

// annotation is one message about a build. Nothing in it is escaped.
type annotation struct {
	level   level
	place   *result.Place // nil where it is not known
	id      string        // of what it is about, or of the first of them; may be empty
	title   string
	message string
}

// githubCommand writes a workflow command: "::error file=a,line=1::message".
// In a message %, CR and LF are escaped, in a property also : and , (GitHub's
// "Workflow commands" and its toolkit). The runner takes a line for a command
// that starts with "::", and one that has "##[" anywhere: EscapeTerminal breaks
// both.
func githubCommand(b *bytes.Buffer, a annotation) {
	fmt.Fprintf(b, "::%s ", a.level)
	if p := a.place; p != nil {
		fmt.Fprintf(b, "file=%s,line=%d,endLine=%d,", githubProperty.Replace(EscapeTerminal(p.Path)), p.Line, p.EndLine)
	}
	fmt.Fprintf(b, "title=%s::%s\n", githubProperty.Replace(EscapeTerminal(a.title)), githubData.Replace(EscapeTerminal(a.message)))
}

var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// azureCommand writes a logging command: "##vso[task.logissue type=error;…]message".
// Everywhere in it ;, ], CR, LF and % are escaped (Azure's "Logging commands").
// The agent takes "##vso[" for a command anywhere in a line, which
// EscapeTerminal breaks. It knows errors and warnings only.
func azureCommand(b *bytes.Buffer, a annotation) {
	if a.level == asNotice {
		return
	}
	fmt.Fprintf(b, "##vso[task.logissue type=%s;", a.level)
	if p := a.place; p != nil {
		fmt.Fprintf(b, "sourcepath=%s;linenumber=%d;", azureValue.Replace(EscapeTerminal(p.Path)), p.Line)
	}
	if a.id != "" {
		fmt.Fprintf(b, "code=%s;", azureValue.Replace(EscapeTerminal(a.id)))
	}
	said := cmp.Or(strings.TrimSuffix(a.title+": "+a.message, ": "), "(nothing was said)")
	fmt.Fprintf(b, "]%s\n", azureValue.Replace(EscapeTerminal(said)))
}

var azureValue = strings.NewReplacer("%", "%AZP25", "\r", "%0D", "\n", "%0A", ";", "%3B", "]", "%5D")
