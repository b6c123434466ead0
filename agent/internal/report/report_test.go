package report

import (
	"bytes"
	"flag"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/result"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what is written (-want +got); go test -update writes it anew:\n%s", path, diff)
	}
}

// everything is a template that shows much of what a result has.
const everything = `{{range .Findings}}{{.ID}} {{.Path}} {{.Verdict.Reason}}
{{end}}{{.Verdict.Action}}
`

// render writes a report; one that is a folder as its files after one another,
// as txtar does.
func render(t *testing.T, format string, r *result.Result, o Options) []byte {
	t.Helper()
	o.Template = everything
	f, err := Find(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if f.Files == nil {
		if err := f.Write(&b, r, o); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	files, err := f.Files(r, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		fmt.Fprintf(&b, "-- %s --\n%s", file.Name, file.Data)
	}
	return b.Bytes()
}

// forPeople are the formats that look different when there is too much.
var forPeople = []string{"table", "text", "html", "html-dir", "markdown"}

// withoutAssets leaves the explorer's stylesheet and script, which are files in
// the repository already, out of a report, and so also what depends on them.
func withoutAssets(t *testing.T, report []byte) []byte {
	t.Helper()
	style, script, err := htmlAssets()
	if err != nil {
		t.Fatal(err)
	}
	for name, asset := range map[string][]byte{htmlStyle: style, htmlScript: script} {
		report = bytes.ReplaceAll(report, asset, []byte("("+name+")"))
		sum := strings.ReplaceAll(template.HTMLEscapeString(integrity(asset)), "+", "&#43;") // as in attributes
		report = bytes.ReplaceAll(report, []byte(sum), []byte("(sha256 of "+name+")"))
	}
	return report
}

func TestGolden(t *testing.T) {
	results := map[string]func() *result.Result{"shop": shop, "clean": clean, "broken": broken, "crowded": crowded}
	for name, make := range results {
		for _, f := range Formats {
			if name == "crowded" && !slices.Contains(forPeople, f.Name) {
				continue // more of the same
			}
			t.Run(name+"/"+f.Name, func(t *testing.T) {
				golden(t, name+"."+f.Name, withoutAssets(t, render(t, f.Name, make(), Options{})))
			})
		}
	}
}

func TestUnknownFormat(t *testing.T) {
	_, err := Find("pdf")
	if err == nil || !strings.Contains(err.Error(), `"pdf"`) || !strings.Contains(err.Error(), "table, text, json") {
		t.Errorf("the error should name the format and list the others: %v", err)
	}
}
