package report

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	goldtext "github.com/yuin/goldmark/text"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// document is a summary as a renderer of GitHub's Markdown understands it.
type document struct {
	blocks []string // kinds, with their depth
	prose  string   // all text outside of code
	links  [][2]string
	odd    []string // nodes that no summary has
}

func parseMarkdown(source []byte) document {
	var d document
	root := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote)).Parser().Parse(goldtext.NewReader(source))
	depth := 0
	walk := func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			depth--
			return ast.WalkContinue, nil
		}
		depth++
		if n.Type() == ast.TypeBlock {
			d.blocks = append(d.blocks, fmt.Sprint(depth, n.Kind()))
		}
		switch n := n.(type) {
		case *ast.CodeSpan:
			return ast.WalkSkipChildren, nil
		case *ast.Text:
			d.prose += string(n.Value(source)) + "\n"
		case *ast.Link:
			d.links = append(d.links, [2]string{string(n.FirstChild().FirstChild().(*ast.Text).Value(source)), string(n.Destination)})
		case *ast.HTMLBlock:
			for i := range n.Lines().Len() {
				line := n.Lines().At(i)
				if html := string(line.Value(source)); !folding.MatchString(html) {
					d.odd = append(d.odd, html)
				}
			}
		case *ast.Image, *ast.AutoLink, *ast.RawHTML, *ast.CodeBlock, *ast.FencedCodeBlock, *ast.Blockquote, *ast.ThematicBreak:
			d.odd = append(d.odd, n.Kind().String())
		}
		return ast.WalkContinue, nil
	}
	if err := ast.Walk(root, walk); err != nil {
		panic(err)
	}
	return d
}

var (
	folding = regexp.MustCompile(`^(<details><summary>Alerts: \d+</summary>|</details>)\n$`)
	// outside of code there are no signs by which GitLab and GitHub know
	// mentions, references, emoji, math, HTML or entities; %1 is a milestone
	unsigned = regexp.MustCompile(`^([A-Za-z0-9 \n.,;:()'"+=-]|%[ \n.,;:)"'])*$`)
)

func harmlessMarkdown(t *testing.T, report []byte, _ Options, s string) {
	d := parseMarkdown(report)
	if len(d.odd) > 0 {
		t.Errorf("%q in\n%s", d.odd, report)
	}
	for _, l := range d.links {
		if l[1] == "" || l[1] != Link(l[0]) {
			t.Errorf("%q leads to %q", l[0], l[1])
		}
	}
	if !unsigned.MatchString(d.prose) {
		t.Errorf("a sign outside of code:\n%s", d.prose)
	}
	if hash := regexp.MustCompile(`\b[0-9a-f]{7,}\b|www\.|:[a-z0-9]+:`).FindString(d.prose); hash != "" {
		t.Errorf("%q outside of code", hash)
	}
	if want := parseMarkdown(render(t, "markdown", hostileResult("x"), Options{})); s != "" && !cmp.Equal(want.blocks, d.blocks) {
		t.Errorf("the text makes blocks of its own: %s", cmp.Diff(want.blocks, d.blocks))
	}
	for line := range strings.Lines(string(report)) {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != strings.Count(tableHead, "|")/2 {
			t.Errorf("another number of columns: %s", line)
		}
		if !regexp.MustCompile(`^(\n|## |### |- |  - |\| |\|-|\*\*|<|[A-Za-z0-9]|` + "`)").MatchString(line) {
			t.Errorf("a line starts oddly: %s", line)
		}
	}
	if !bytes.HasPrefix(report, []byte("## Layergate: BLOCK\n")) || bytes.Contains(report, []byte("<!--")) {
		t.Errorf("not the verdict first, or a comment:\n%s", report)
	}
}

// TestProse: words that GitLab or GitHub make something of are code.
func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"critical and fixed in 2.15.0: the rule blocks critical vulnerabilities": "critical and fixed in `2.15.0`: the rule blocks critical vulnerabilities",
		"only-fixed turns block (94%) into alert; it's \"so\".":                  "only-fixed turns block (94%) into alert; it's \"so\".",
		"ask @all and group/project!1 today":                                     "ask `@all` and `group/project!1` today",
		"see #1 $2 %3 ~bug &4 now":                                               "see `#1 $2 %3 ~bug &4` now",
		"www.evil.example or https://evil.example or me@evil.example":            "`www.evil.example` or `https://evil.example` or `me@evil.example`",
		"commit deadbeef in JIRA-12 :smile: a:smile:b":                           "commit `deadbeef` in `JIRA-12 :smile`: `a:smile:b`",
		"(CVE-2021-1 in a/b, c#1). x":                                            "(`CVE-2021-1` in `a/b`, `c#1`). x",
		"a\n/close":                                                              "`a\\n/close`",
		"1. one":                                                                 "`1`. one",
		"- - -":                                                                  "`- - -`",
		"`a` ``b``":                                                              "``` `a` ``b`` ```",
		"":                                                                       "",
	} {
		if got := prose(in, maxSentence); got != want {
			t.Errorf("prose(%q)\n got %s\nwant %s", in, got, want)
		}
	}
}

// TestMarkdownIsCapped: however much was found, the summary fits a comment, and
// says how much it leaves out.
func TestMarkdownIsCapped(t *testing.T) {
	for _, s := range []string{"x", strings.Repeat("`", 400), strings.Repeat("日本", 400), "@ a | b " + strings.Repeat("@ a ", 200)} {
		r := hostileResult(s)
		for i := range 3000 {
			p := finding.Package{Name: fmt.Sprint(s, i), Version: s, Type: "npm"}
			for j, a := range []finding.Action{finding.Block, finding.Alert} {
				f := vuln(p, 3+2*j, fmt.Sprintf("CVE-2021-%d", 1000+i), finding.High, s, a, s, s)
				r.Findings = append(r.Findings, f)
			}
			r.Remedies = append(r.Remedies, r.Remedies[0])
			r.Incomplete = append(r.Incomplete, finding.Gap{Reason: fmt.Sprint(s, i), Subject: s, Layer: i % 6})
			r.Verdict.Reasons = append(r.Verdict.Reasons, s)
			r.Image.Notes = append(r.Image.Notes, s)
		}
		r.Totals = result.Count(r.Findings)
		got := render(t, "markdown", r, Options{})
		if len(got) > maxMarkdown || len(got) < maxMarkdown/2 {
			t.Errorf("%.9s: %d bytes", s, len(got))
		}
		for _, want := range []string{"more reasons\n", "more changes\n", "of these 3003 findings are not shown", "of these 3004 findings are not shown", "**Policy:** "} {
			if !bytes.Contains(got, []byte(want)) {
				t.Errorf("%.9s: %q is missing in\n%s", s, want, got[max(0, len(got)-3000):])
			}
		}
		harmlessMarkdown(t, got, Options{}, "")
	}
}

// FuzzProse: no sentence gets a renderer to see more than words and code.
func FuzzProse(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, md := range []string{"- " + prose(s, maxSentence), "x " + code(s, maxCellName) + " x", tableHead + "| " + cell(prose(s, maxSentence)) + " |||||x|\n"} {
			d := parseMarkdown([]byte(md + "\n"))
			if len(d.odd) > 0 || len(d.links) > 0 || !unsigned.MatchString(d.prose) || len(d.blocks) > 15 {
				t.Errorf("%q of %q: %q %q %q %q", md, s, d.odd, d.links, d.blocks, d.prose)
			}
			if strings.Contains(md, "<!--") || strings.Count(md, "\n") > 3 {
				t.Errorf("%q of %q", md, s)
			}
		}
	})
}
