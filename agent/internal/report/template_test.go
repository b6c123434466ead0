package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"os"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/result"
)

// harmlessTemplate: a template prints what it is told to print; the text of an
// image is never part of the template. What the functions escape is tested
// below.
func harmlessTemplate(t *testing.T, report []byte, _ Options, s string) {
	r := hostileResult(s)
	var want strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&want, f.ID, f.Path, f.Verdict.Reason)
	}
	fmt.Fprintln(&want, r.Verdict.Action)
	if diff := cmp.Diff(want.String(), string(report)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// execute runs a template over a result.
func execute(text string, r *result.Result) (string, error) {
	var b bytes.Buffer
	err := writeTemplate(&b, r, Options{Template: text})
	return b.String(), err
}

func TestTemplateEscapes(t *testing.T) {
	for _, s := range hostile {
		r := hostileResult(s)
		got := func(function string) string {
			out, err := execute("{{"+function+" .Image.Name}}", r)
			if err != nil {
				t.Errorf("%s of %q: %v", function, s, err)
			}
			return out
		}
		if out := got("escapeHTML"); html.UnescapeString(out) != s || strings.ContainsAny(out, `<>"'`) {
			t.Errorf("escapeHTML gives %q", out)
		}
		var element struct {
			Attribute string `xml:"a,attr"`
			Text      string `xml:",chardata"`
		}
		if err := xml.Unmarshal([]byte(`<e a="`+got("escapeXML")+`">`+got("escapeXML")+`</e>`), &element); err != nil || element.Attribute != element.Text {
			t.Errorf("escapeXML of %q: %v, %q", s, err, element)
		}
		var back string
		if err := json.Unmarshal([]byte(got("json")), &back); err != nil || utf8.ValidString(s) && back != s {
			t.Errorf("json of %q: %v, %q", s, err, back)
		}
		if out := got("escapeMarkdown"); len(parseMarkdown([]byte("x "+out)).prose) > len("x \n") {
			t.Errorf("escapeMarkdown of %q leaves text: %q", s, out)
		}
		if out := got("escapeTerminal"); out != EscapeTerminal(s) {
			t.Errorf("escapeTerminal gives %q", out)
		}
		records, err := csv.NewReader(strings.NewReader(got(`csv "=1+1" "" `) + "\n")).ReadAll()
		if want := [][]string{{"'=1+1", "", EscapeTerminal(s)}}; err != nil || !cmp.Equal(want, records) {
			t.Errorf("csv of %q: %v, %q", s, err, records)
		}
	}
}

func TestTemplateWords(t *testing.T) {
	const text = `{{range .Findings}}{{if eq .Verdict.Action "block"}}{{title .}}|{{subject .}}|{{fix .}}|{{link .ID}}|{{place .Layer}}|{{upper .Severity}}|{{with .Package}}{{.Type}}{{end}}
{{end}}{{end}}{{range .Remedies}}{{layerTitle .Layer}}: {{remedy .}} ({{join ", " .IDs}})
{{end}}{{solution (index .Findings 4)}}
{{verdict}} {{day .Created}} {{lower "ABC"}} {{json .Totals.Fixable}} {{index .Image.Labels "none"}} {{printf "%03d" 7}}
`
	const want = `CVE-2021-44228 in org.apache.logging.log4j:log4j-core 2.14.1|org.apache.logging.log4j:log4j-core 2.14.1|2.15.0|https://nvd.nist.gov/vuln/detail/CVE-2021-44228|web/Dockerfile:7|CRITICAL|maven
CVE-2021-45046 in org.apache.logging.log4j:log4j-core 2.14.1|org.apache.logging.log4j:log4j-core 2.14.1|2.16.0|https://nvd.nist.gov/vuln/detail/CVE-2021-45046|web/Dockerfile:7|CRITICAL|maven
secret aws-access-key in etc/shop/.env|etc/shop/.env|||` + `|HIGH|
layer 3: COPY target/shop.jar /srv/shop.jar: upgrade org.apache.logging.log4j:log4j-core from 2.14.1 to 2.16.0 (CVE-2021-44228, CVE-2021-45046)
layer 5: COPY config/ /etc/shop/: resolve secret etc/shop/.env (aws-access-key) (aws-access-key)
The vendor will not fix it: remove or replace zlib1g in layer 0: ADD file:f123456789ab… in /.
BLOCK 2026-09-01 abc 6  007
`
	got, err := execute(text, shop())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// TestBadTemplate: the error has the line, and nothing is written.
func TestBadTemplate(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "the template is empty",
		"a\nb\n{{.Findings":       "template line 3: unclosed action",
		"a\n{{nothing}}":          `template line 2: function "nothing" not defined`,
		"a\n{{.Fndings}}":         "template line 2: at <.Fndings>: can't evaluate field Fndings in type *result.Result",
		"\n\n{{.Image.Labels.x}}": `template line 3: at <.Image.Labels.x>: map has no entry for key "x"`,
		"{{range .Findings}}{{.Package.Name}}{{end}}":           "template line 1: at <.Package.Name>: nil pointer evaluating *finding.Package.Name",
		`{{define "a"}}{{template "a"}}{{end}}{{template "a"}}`: "exceeded maximum template depth",
		`{{template "b"}}`:                             `template "b" not defined`,
		"{{index .Findings 99}}":                       "index out of range: 99",
		`{{join "," .Image}}`:                          "it wants a separator and a list, not result.Image",
		`{{call .Verdict.Action}}`:                     "non-function",
		`{{range 100}}{{printf "%1000000d" 1}}{{end}}`: "writes more than 64 MiB",
		`{{$s := "0123456789"}}{{range 60}}{{$s = printf "%s%s" $s $s}}{{end}}`:       "writes more than 64 MiB",
		`{{$s := printf "%1000000d" 1}}{{range 5}}{{$s = join $s $.Findings}}{{end}}`: "writes more than 64 MiB",
	} {
		got, err := execute(text, shop())
		if err == nil || !strings.Contains(err.Error(), want) || got != "" {
			t.Errorf("%.80q\nwrote %d bytes\n got %v\nwant %s", text, len(got), err, want)
		}
	}
}

// TestTemplateReachesNothingElse: a template can call the exported methods of
// all that it reaches, if they return something. There are few of ours, and
// those that change what they belong to are refused.
func TestTemplateReachesNothingElse(t *testing.T) {
	ours := make(map[string][]string)
	seen := make(map[reflect.Type]bool)
	refused := 0
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		if seen[typ] {
			return
		}
		seen[typ] = true
		for m := range reflect.PointerTo(typ).Methods() {
			if m.Type.NumOut() == 0 || typ.Kind() == reflect.Pointer {
				continue
			}
			if typ.PkgPath() != "time" {
				ours[typ.String()] = append(ours[typ.String()], m.Name)
			}
			if _, ofValue := typ.MethodByName(m.Name); ofValue {
				continue
			}
			refused++
			if _, err := execute("a\n{{$.Created."+m.Name+" 1}}", shop()); err == nil || !strings.Contains(err.Error(), "line 2: ."+m.Name+" would change the result") {
				t.Errorf("%s.%s: %v", typ, m.Name, err)
			}
		}
		switch typ.Kind() {
		case reflect.Struct:
			for f := range typ.Fields() {
				if f.IsExported() {
					visit(f.Type)
				}
			}
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(typ.Elem())
		case reflect.Func, reflect.Interface, reflect.Chan:
			t.Errorf("a result has a %s", typ)
		}
	}
	visit(reflect.TypeFor[result.Result]())
	want := map[string][]string{
		"finding.Severity": {"MarshalText", "String", "UnmarshalText"},
		"image.Platform":   {"String"},
	}
	if diff := cmp.Diff(want, ours); diff != "" || refused < 5 {
		t.Errorf("%d methods are refused; methods that a template can call (-known +there):\n%s", refused, diff)
	}
}

// TestDocumentedTemplates: what docs/reports.md shows works, and it lists all
// functions and formats.
func TestDocumentedTemplates(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reports.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := 0
	for i, block := range strings.Split(string(page), "```\n") {
		if i%2 == 0 || !strings.Contains(block, "{{") {
			continue
		}
		examples++
		for _, s := range append(hostile, "x") {
			out, err := execute(block, hostileResult(s))
			if err != nil || strings.Contains(out, "<no value>") {
				t.Errorf("%v: %s", err, out)
			}
			if want, _ := execute(block, hostileResult("x")); strings.Count(out, "\n") != strings.Count(want, "\n") {
				t.Errorf("%q makes lines of its own in %q", s, out)
			}
		}
	}
	if examples != 2 {
		t.Errorf("%d examples, want 2", examples)
	}
	for name := range templateFuncs(shop()) {
		if !strings.HasPrefix(name, "print") && !bytes.Contains(page, []byte("`"+name)) {
			t.Errorf("the page does not have the function %s", name)
		}
	}
	for _, name := range Names() {
		if !bytes.Contains(page, []byte("| `"+name+"` |")) {
			t.Errorf("the page does not have the format %s", name)
		}
	}
}
