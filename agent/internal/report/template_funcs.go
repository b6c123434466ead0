package report

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"reflect"
	"strings"
	"text/template"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// templateFuncs is what a template can call besides text/template's own
// functions. docs/reports.md lists them.
func templateFuncs(r *result.Result) template.FuncMap {
	return template.FuncMap{
		// words for findings, remedies and layers
		"title":      func(f finding.Finding) string { return title(&f) },
		"subject":    func(f finding.Finding) string { return subject(&f) },
		"fix":        func(f finding.Finding) string { fix, _ := fixOf(&f); return fix },
		"solution":   func(f finding.Finding) string { return solution(r, &f) },
		"remedy":     remedy,
		"layerTitle": func(index int) string { return layerTitle(r, index) },
		"place":      func(index int) string { return placeOfLayer(r, index) },
		"verdict":    func() string { return verdictWord(r.Verdict) },
		"link":       Link,
		"day":        day,

		// text
		"lower": func(v any) string { return strings.ToLower(fmt.Sprint(v)) },
		"upper": func(v any) string { return strings.ToUpper(fmt.Sprint(v)) },
		"join":  join,

		// escapes, each for what reads the report
		"json":           toJSON,
		"csv":            toCSV,
		"escapeHTML":     func(v any) string { return html.EscapeString(fmt.Sprint(v)) },
		"escapeXML":      escapeXML,
		"escapeMarkdown": func(v any) string { return code(fmt.Sprint(v), maxText) },
		"escapeTerminal": func(v any) string { return EscapeTerminal(fmt.Sprint(v)) },

		// text/template's own, with an end: a few lines that double a text would
		// fill the memory
		"print":   func(args ...any) (string, error) { return bounded(fmt.Sprint(args...)) },
		"println": func(args ...any) (string, error) { return bounded(fmt.Sprintln(args...)) },
		"printf":  func(f string, args ...any) (string, error) { return bounded(fmt.Sprintf(f, args...)) },
	}
}

// bounded refuses a text that no template could write.
func bounded(s string) (string, error) {
	if len(s) > maxTemplateOutput {
		return "", errTooMuch
	}
	return s, nil
}

// placeOfLayer is where a layer's instruction stands; empty where unknown.
func placeOfLayer(r *result.Result, index int) string {
	if l, ok := layerAt(r, index); ok && l.Dockerfile != nil {
		return place(*l.Dockerfile)
	}
	return ""
}

// join puts a separator between the elements of a list of any type.
func join(separator string, list any) (string, error) {
	v := reflect.ValueOf(list)
	if v.Kind() != reflect.Slice {
		return "", fmt.Errorf("it wants a separator and a list, not %T", list)
	}
	var b strings.Builder
	for i := 0; i < v.Len() && b.Len() <= maxTemplateOutput; i++ {
		if i > 0 {
			b.WriteString(separator)
		}
		fmt.Fprint(&b, v.Index(i).Interface())
	}
	return bounded(b.String())
}

// toJSON writes any value as JSON on one line, with what people cannot see
// escaped.
func toJSON(v any) (string, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return bounded(string(escapeJSON(doc)))
}

// toCSV writes values as one record, without the line's end. Line breaks are
// shown as escapes, so that a record is one line; a value that a spreadsheet
// would take for a formula gets an apostrophe before it.
func toCSV(values ...any) (string, error) {
	record := make([]string, len(values))
	for i, v := range values {
		record[i] = EscapeTerminal(fmt.Sprint(v))
		if record[i] != "" && strings.Contains("=+-@", record[i][:1]) {
			record[i] = "'" + record[i]
		}
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	err := w.Write(record)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n"), err
}

// escapeXML makes a text fit for an element or an attribute. What XML has no
// way to say becomes U+FFFD.
func escapeXML(v any) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(fmt.Sprint(v)))
	return b.String(), err
}
