package report

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// multitool is a file of Microsoft's SARIF Multitool, which has the schema and
// a validator with GitHub's rules for ingestion.
func multitool(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", ".ci", "tools", "node_modules", "@microsoft", "sarif-multitool-linux", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no SARIF Multitool: make install-deps")
	}
	return path
}

// sarifs are SARIF files of all sorts of results.
func sarifs(t *testing.T) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	for name, r := range samples() {
		files[name] = render(t, "sarif", r, Options{})
	}
	for i, s := range hostile {
		files[fmt.Sprint("hostile", i)] = render(t, "sarif", hostileResult(s), Options{})
	}
	return files
}

func TestSARIFSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(multitool(t, "sarif-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, report := range sarifs(t) {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(report))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSARIFMultitool asks the validator for errors and warnings, by SARIF's
// rules and by GitHub's. It ends well whatever it finds. It takes its time, so
// it gets few files.
func TestSARIFMultitool(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("there is a SARIF Multitool for amd64 only")
	}
	tool := multitool(t, "Sarif.Multitool")
	if err := os.Chmod(tool, 0o755); err != nil { // its package leaves that to a script, which npm does not run here
		t.Fatal(err)
	}
	dir := t.TempDir()
	files := map[string][]byte{"shop": render(t, "sarif", shop(), Options{}), "broken": render(t, "sarif", broken(), Options{})}
	for _, i := range []int{1, 3, 9} {
		files[fmt.Sprint("hostile", i)] = render(t, "sarif", hostileResult(hostile[i]), Options{})
	}
	files["wrong"] = bytes.ReplaceAll(files["shop"], []byte(`"startLine": 7`), []byte(`"startLine": 0`))
	args := []string{"validate", "--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--output", filepath.Join(dir, "out")}
	for name, report := range files {
		path := filepath.Join(dir, name+".sarif")
		if err := os.WriteFile(path, report, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	cmd := exec.CommandContext(t.Context(), tool, args...)
	// One of its rules is to fetch every URL: a proxy that is not there stops it.
	cmd.Env = append(os.Environ(), "https_proxy=http://127.0.0.1:1", "http_proxy=http://127.0.0.1:1", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !bytes.Contains(out, fmt.Appendf(nil, "%d files scanned", len(files))) {
		t.Errorf("not all files were validated:\n%s", out)
	}
	mistakes := 0
	for line := range strings.Lines(string(out)) {
		switch {
		case !strings.Contains(line, ": error ") && !strings.Contains(line, ": warning "):
		case strings.Contains(line, "wrong.sarif"):
			mistakes++
		default:
			t.Error(line)
		}
	}
	if mistakes == 0 {
		t.Errorf("the validator sees nothing wrong with line 0:\n%s", out)
	}
}

// many is a result with n findings of as many ids; the last one is the worst.
func many(n int) *result.Result {
	r := shop()
	like := r.Findings[8]
	r.Findings = make([]finding.Finding, n)
	for i := range r.Findings {
		f := like
		f.ID = fmt.Sprintf("CVE-2021-%d", 10_000+i)
		r.Findings[i] = f
	}
	r.Findings[n-1].Verdict.Action = finding.Block
	sign(r)
	return r
}

// TestSARIFLimits: GitHub takes 25,000 results. As many take 2 MB compressed,
// of the 10 MB that it takes.
func TestSARIFLimits(t *testing.T) {
	run := newSARIFRun(many(25_010))
	if n, rules := len(run.Results), len(run.Tool.Driver.Rules); n != 25_000 || rules > 25_000 || *run.Results[0].Level != "error" {
		t.Errorf("%d results, %d rules, the first result with level %s", n, rules, *run.Results[0].Level)
	}
	notes := run.Invocations[0].ToolExecutionNotifications
	if len(notes) != 1 || !strings.Contains(*notes[0].Message.Text, "10 of 25010 findings are left out") {
		t.Errorf("the notifications are %v", notes)
	}
}
