package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/scan"
)

// The Dockerfile gives lines. It never takes a verdict away, and what is wrong
// with it is said.
func TestDockerfile(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	for name, text := range map[string]string{
		"Dockerfile": "FROM debian\n\nCOPY . /\n", "broken": "FROM debian\nCOPPY . /\n", "other": "FROM debian\nRUN make\nCOPY a /b\n",
	} {
		if err := os.MkdirAll(filepath.Join("web", name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("web", name, "Dockerfile"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		file string
		env  map[string]string
		code ExitCode
		want string // in the table
		say  string
	}{
		"found":                     {"web/Dockerfile/Dockerfile", nil, 0, "web/Dockerfile/Dockerfile:3", ""},
		"by the repository's root":  {"web/Dockerfile/Dockerfile", map[string]string{"CI_PROJECT_DIR": filepath.Join(folder, "web")}, 0, "  Dockerfile/Dockerfile:3", ""},
		"outside of the repository": {"web/Dockerfile/Dockerfile", map[string]string{"CI_PROJECT_DIR": t.TempDir()}, 0, "web/Dockerfile/Dockerfile:3", ""},
		"broken":                    {"web/broken/Dockerfile", nil, 0, "COPY . /", "findings are shown without their lines: reading the Dockerfile web/broken/Dockerfile: line 2: "},
		"another image's":           {"web/other/Dockerfile", nil, 0, "COPY . /", "no instruction of the image is in web/other/Dockerfile"},
		"missing":                   {"none", nil, 1, "", "reading the Dockerfile: open none: no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, t.Context(), c.env, nil, "report", resultFile(t, critical()), "--dockerfile", c.file)
			if code != c.code || !strings.Contains(stdout, c.want) || !strings.Contains(stderr, c.say) || c.say == "" && stderr != "" {
				t.Errorf("exit code %d, want %d; want %q in\n%s\nand %q in %q", code, c.code, c.want, stdout, c.say, stderr)
			}
		})
	}
}

func TestTemplateAndAnnotations(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	if err := os.WriteFile("names.tmpl", []byte("{{range .Findings}}{{.ID}};{{end}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	file := resultFile(t, critical())
	for name, c := range map[string]struct {
		args []string
		code ExitCode
		out  string // all of stdout; "" is not looked at
		say  string
	}{
		"a template alone goes to stdout":   {[]string{"--template", "names.tmpl"}, 0, "CVE-2021-44228;", ""},
		"beside a file":                     {[]string{"--template", "names.tmpl", "-o", "json=r.json"}, 0, "CVE-2021-44228;", ""},
		"beside another report on stdout":   {[]string{"--template", "names.tmpl", "-o", "json"}, 1, "", "another report goes to stdout already"},
		"no template":                       {[]string{"-o", "template"}, 1, "", "needs a template: --template FILE"},
		"a template that is missing":        {[]string{"--template", "none"}, 1, "", "reading the template: open none"},
		"an unknown dialect":                {[]string{"--annotations", "gitea"}, 1, "", `unknown dialect of annotations "gitea" (want one of: github, azure)`},
		"annotations in the middle of JSON": {[]string{"--annotations", "github", "-o", "json"}, 1, "", "--annotations go to stdout, where the json report goes too"},
		"annotations alone":                 {[]string{"--annotations", "github", "-o", "json=r.json"}, 0, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := run(t, t.Context(), nil, nil, append([]string{"report", file}, c.args...)...)
			if code != c.code || c.out != "" && stdout != c.out || !strings.Contains(stderr, c.say) {
				t.Errorf("exit code %d, want %d; stdout %q; want %q in %q", code, c.code, stdout, c.say, stderr)
			}
			if name == "annotations alone" && !strings.HasPrefix(stdout, "::") {
				t.Errorf("got %q", stdout)
			}
		})
	}
}

// A folder is written whole, its page last, and over what was there.
func TestFolderReport(t *testing.T) {
	t.Chdir(t.TempDir())
	file := resultFile(t, critical())
	for range 2 {
		if code, stdout, stderr := run(t, t.Context(), nil, nil, "report", file, "-o", "html-dir=page"); code != 0 || stdout+stderr != "" {
			t.Fatalf("exit code %d, %q, %q", code, stdout, stderr)
		}
	}
	entries, err := os.ReadDir("page")
	if err != nil || len(entries) != 3 {
		t.Fatalf("%v, %v", entries, err)
	}
	if page := readFile(t, filepath.Join("page", "index.html")); !strings.Contains(page, "CVE-2021-44228") || !strings.Contains(page, `href="layergate.css"`) {
		t.Error("the page is not that of the result")
	}
}

// A result that cannot be read gives no report, not even an empty one.
func TestNoResultNoReport(t *testing.T) {
	t.Chdir(t.TempDir())
	whole := readFile(t, resultFile(t, critical()))
	for want, text := range map[string]string{
		"cut short":        whole[:len(whole)/2],
		"update layergate": strings.Replace(whole, `"schemaVersion": 1`, `"schemaVersion": 9`, 1),
		"contradicts itself": strings.Replace(whole, `"action": "pass",
    "incomplete"`, `"action": "block",
    "incomplete"`, 1),
		"it is empty": "",
	} {
		if err := os.WriteFile("result.json", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := run(t, t.Context(), nil, nil, "report", "result.json", "-o", "sarif=out.sarif", "-o", "html-dir=page")
		if code != 1 || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("exit code %d, %q; want %q", code, stderr, want)
		}
		if entries, err := os.ReadDir("."); err != nil || len(entries) != 1 {
			t.Errorf("%v, %v: something was written", entries, err)
		}
	}
}

// A scan that failed says so wherever it was asked to speak, and has no table
// that nobody asked for.
func TestFailedScanSpeaks(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("t.tmpl", []byte("{{.Failed}}"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"":                {"scan", "none.tar"},
		"::error":         {"scan", "none.tar", "--annotations", "github"},
		"opening none.ta": {"scan", "none.tar", "--template", "t.tmpl"},
	} {
		code, stdout, stderr := run(t, t.Context(), nil, scan.Run, args...)
		if code != 1 || !strings.HasPrefix(stdout, want) || want == "" && stdout != "" || !strings.Contains(stderr, "opening none.tar") {
			t.Errorf("%q: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

// What is read is not written over.
func TestInputsAreKept(t *testing.T) {
	t.Chdir(t.TempDir())
	whole := readFile(t, resultFile(t, critical()))
	for _, name := range []string{"r.json", "policy.yaml", "t.tmpl", "image.tar"} {
		if err := os.WriteFile(name, []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("r.json", "link"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"report", "r.json", "-o", "html=r.json"},
		{"report", "r.json", "-o", "json=./r.json"},
		{"report", "r.json", "-o", "json=link"},
		{"report", "r.json", "-o", "template=t.tmpl", "--template", "t.tmpl"},
		{"report", "r.json", "-o", "text=policy.yaml", "--dockerfile", "policy.yaml"},
		{"gate", "r.json", "-p", "policy.yaml", "-o", "json=policy.yaml"},
		{"scan", "image.tar", "-o", "json=image.tar"},
		{"scan", "oci-archive:image.tar", "-o", "json=image.tar"},
	} {
		code, _, stderr := run(t, t.Context(), nil, resultOf(passed().Verdict), args...)
		if code != 1 || !strings.Contains(stderr, "which is read: name another file") {
			t.Errorf("%q: exit code %d, %q", args, code, stderr)
		}
	}
	for _, name := range []string{"r.json", "policy.yaml", "t.tmpl", "image.tar"} {
		if readFile(t, name) != whole {
			t.Errorf("%s is not what it was", name)
		}
	}
}
