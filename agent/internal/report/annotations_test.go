package report

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

func annotate(t *testing.T, dialect string, r *result.Result) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Annotate(&b, dialect, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAnnotationsGolden(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "clean": clean(), "broken": broken(), "crowded": crowded()} {
		for _, dialect := range Annotations {
			golden(t, name+"."+dialect+".annotations", annotate(t, dialect, r))
		}
	}
}

// logCommand is a log command as an agent understands it.
type logCommand struct {
	name       string
	properties map[string]string
	data       string
}

// The agents' rules, restated from their documentation and behaviour.
var (
	// GitHub's: blanks, "::", name, perhaps properties, "::"
	githubLine = regexp.MustCompile(`^\s*::([^ ]*?)(?: (.*?))?::(.*)$`)
	// Azure's, and an old form of GitHub's: anywhere in a line, up to the first "]"
	azureLine = regexp.MustCompile(`##(?:vso)?\[([^ \]]*) ?([^\]]*)\](.*)$`)
)

// understand reads a line as an agent does: the command in it, if there is one.
func understand(dialect, line string) (logCommand, bool) {
	pattern, separator := githubLine, ","
	unescape := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")
	if dialect == "azure" {
		pattern, separator = azureLine, ";"
		unescape = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3B", ";", "%5D", "]", "%AZP25", "%")
	}
	m := pattern.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
	if m == nil {
		return logCommand{}, false
	}
	c := logCommand{name: m[1], properties: make(map[string]string), data: unescape.Replace(m[3])}
	for _, p := range strings.Split(m[2], separator) {
		if k, v, ok := strings.Cut(p, "="); ok {
			c.properties[k] = unescape.Replace(v)
		}
	}
	return c, true
}

// TestHostileAnnotations: whatever an image is made of, there is one command in
// a line, of ours, and it says what we say.
func TestHostileAnnotations(t *testing.T) {
	names := map[string]string{"github": `^(error|warning|notice)$`, "azure": `^task\.logissue$`}
	properties := map[string][]string{
		"github": {"endLine", "file", "line", "title"},
		"azure":  {"code", "linenumber", "sourcepath", "type"},
	}
	attacks := append([]string{"a::b", "x%0A::error::y", "%25%AZP25%0D%3B%5D", "a,line=1,title=b::c", "]##vso[task.complete result=Succeeded]",
		"a;type=warning;code=1", "##[add-path]/tmp", "##vso[##vso[x]", "::stop-commands::x", "::set-output name=a::b"}, hostile...)
	for _, s := range attacks {
		for _, dialect := range Annotations {
			r := hostileResult(s)
			out := string(annotate(t, dialect, r))
			benign := string(annotate(t, dialect, hostileResult("x")))
			if got, want := strings.Count(out, "\n"), strings.Count(benign, "\n"); got != want || !strings.HasSuffix(out, "\n") {
				t.Errorf("%s, %q: %d lines, want %d", dialect, s, got, want)
			}
			for line := range strings.Lines(out) {
				c, ok := understand(dialect, line)
				if !ok || !regexp.MustCompile(names[dialect]).MatchString(c.name) {
					t.Errorf("%s, %q: the command %q in %s", dialect, s, c.name, line)
				}
				for p, v := range c.properties {
					if !slices.Contains(properties[dialect], p) || p == "type" && v != "error" && v != "warning" {
						t.Errorf("%s, %q: the property %s=%q in %s", dialect, s, p, v, line)
					}
					if p == "file" || p == "sourcepath" {
						if v != EscapeTerminal(s) {
							t.Errorf("%s: the file came back as %q, want %q", dialect, v, EscapeTerminal(s))
						}
					}
				}
				if strings.ContainsAny(c.data, "\r\n\x1b") || azureLine.MatchString(line[2:]) {
					t.Errorf("%s, %q: another command in %s", dialect, s, line)
				}
			}
		}
	}
}

// TestAnnotationsAreCapped: as many as are shown, what blocks first; the
// verdict counts the rest.
func TestAnnotationsAreCapped(t *testing.T) {
	r := shop()
	for i := range 30 {
		r.Remedies = append(r.Remedies, result.Remedy{Layer: 3, Kind: finding.Vulnerability, Packages: []string{fmt.Sprint("p", i)}, From: "1", To: []string{"2"}, IDs: []string{"CVE-2021-1"}})
		r.Findings = append(r.Findings, vuln(finding.Package{Name: fmt.Sprint("q", i), Version: "1", Type: "npm"}, 3, "CVE-2021-2", finding.Low, "", finding.Alert, "low", "q"))
	}
	for _, dialect := range Annotations {
		n := make(map[string]int)
		var first string
		for line := range strings.Lines(string(annotate(t, dialect, r))) {
			c, _ := understand(dialect, line)
			n[c.name+c.properties["type"]]++
			if first == "" {
				first = c.data
			}
		}
		for kind, got := range n {
			if got != annotationsShown {
				t.Errorf("%s: %d of %s", dialect, got, kind)
			}
		}
		// 1 verdict and 32 remedies; 3 packages of the sample's and 30
		if want := "Not shown here, but in the reports: 23 more errors and 23 more warnings"; len(n) != 2 || !strings.Contains(first, want) {
			t.Errorf("%s: the verdict's is %q, want %q in it", dialect, first, want)
		}
	}
}

// TestAcceptedGapsAreNoErrors: a build that passes shows none.
func TestAcceptedGapsAreNoErrors(t *testing.T) {
	r := broken()
	r.Verdict = result.Verdict{Action: finding.Pass, Reasons: []string{"nothing was found"}}
	for _, dialect := range Annotations {
		if out := annotate(t, dialect, r); bytes.Contains(out, []byte("error")) || !bytes.Contains(out, []byte("Incomplete scan")) {
			t.Errorf("%s:\n%s", dialect, out)
		}
	}
}

func TestAnnotateErrors(t *testing.T) {
	if err := Annotate(fullDisk{}, "github", shop()); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if err := Annotate(&bytes.Buffer{}, "jenkins", shop()); err == nil || !strings.Contains(err.Error(), `"jenkins" (want one of: github, azure)`) {
		t.Error(err)
	}
}
