package report

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// htmlAllowed is every element and attribute that the page may have.
var htmlAllowed = map[string][]string{
	"html": {"lang"}, "head": nil, "meta": {"charset", "http-equiv", "content", "name"}, "title": nil, "style": nil, "body": nil,
	"link": {"rel", "href"}, "script": {"src", "defer"},
	"header": nil, "main": nil, "footer": nil, "section": {"tabindex"}, "div": nil, "span": nil, "p": nil,
	"h1": nil, "h2": nil, "h3": nil, "ul": nil, "ol": {"start"}, "li": nil, "dl": nil, "dt": nil, "dd": nil,
	"a": {"href"}, "b": nil, "strong": nil, "small": nil, "code": nil, "bdi": nil, "abbr": {"title"}, "kbd": nil,
	"details": {"open", "data-origin", "data-kind"}, "summary": nil,
	"table": nil, "caption": nil, "thead": nil, "tbody": nil, "td": {"data-sort"}, "th": {"scope"},
	"tr":   {"data-fix", "data-kev", "data-times"},
	"form": nil, "fieldset": nil, "legend": nil, "label": {"for"}, "output": {"role"}, "select": {"name"}, "option": {"value"},
	"input": {"type", "name", "value", "placeholder", "autocomplete", "spellcheck"}, "button": {"type", "data-do"},
	"svg":  {"width", "height", "viewBox", "preserveAspectRatio", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"},
	"path": {"fill", "d"}, "circle": {"cx", "cy", "r", "stroke-dasharray"}, "rect": {"x", "width", "height", "fill"},
}

// htmlEverywhere may be on any of them.
var htmlEverywhere = []string{"class", "id", "hidden", "aria-hidden", "aria-label", "aria-labelledby"}

func harmlessHTML(t *testing.T, report []byte, _ Options, s string) {
	checkHTML(t, report)
	text := string(report)
	if n := strings.Count(text, "<script>") + strings.Count(text, "<style>"); n != 2 {
		t.Errorf("%d elements <script> and <style>, want one of each", n)
	}
}

func harmlessHTMLFiles(t *testing.T, report []byte, _ Options, s string) {
	files := txtar.Parse(report).Files
	if len(files) != 3 || files[2].Name != htmlIndex {
		t.Fatalf("files: %d, want the stylesheet, the script and %s last", len(files), htmlIndex)
	}
	page := files[2].Data
	checkHTML(t, page)
	if bytes.Contains(page, []byte("<style")) || bytes.Contains(page, []byte("<script>")) {
		t.Error("the page has a stylesheet or script in it")
	}
	for i, name := range []string{htmlStyle, htmlScript} {
		want, err := explorer.ReadFile("explorer/" + name)
		if err != nil || files[i].Name != name || !bytes.Equal(files[i].Data, want) {
			t.Errorf("the file %s is not the program's own %s (%v)", files[i].Name, name, err)
		}
	}
}

// Findings may share a fingerprint, and a result may be edited by hand.
func TestHTMLPermalinks(t *testing.T) {
	r := shop()
	for i, same := range []string{"", "", r.Findings[6].Fingerprint, `"><b id=x>`, `"><b id=x>`} {
		r.Findings[i].Fingerprint = same
	}
	page := render(t, "html", r, Options{})
	checkHTML(t, page)
	if n := bytes.Count(page, []byte(` id="f-`)); n != len(r.Findings) {
		t.Errorf("%d permalinks for %d findings", n, len(r.Findings))
	}
}

// What the samples do not have: other kinds, without a path or a layer, what was
// removed, and remedies of which no version is known or several are.
func TestHTMLOtherKinds(t *testing.T) {
	r := shop()
	for _, k := range []finding.Kind{finding.Misconfiguration, finding.Malware, finding.WeakPassword, finding.Exposure} {
		r.Findings = append(r.Findings, finding.Finding{Kind: k, ID: "id-of-" + string(k), Layer: -1, Verdict: finding.Verdict{Action: finding.Alert}})
	}
	r.Removed = []result.Removed{{Package: result.Package{Name: "gone<b>", Version: "1", Path: "a/b", Layer: 2, FirstLayer: 2}, RemovedIn: 5}}
	r.Remedies = append(r.Remedies,
		result.Remedy{Layer: -1, Kind: finding.Malware, IDs: []string{"id-of-malware"}, Findings: 1},
		result.Remedy{Layer: 0, Kind: finding.Vulnerability, Packages: []string{"zlib1g"}, From: "1", IDs: []string{"CVE-2023-45853"}, Findings: 1},
		result.Remedy{Layer: 2, Kind: finding.Vulnerability, Packages: []string{"curl"}, From: "1", To: []string{"2", "2a"}, IDs: []string{"CVE-2023-28319"}, Findings: 1})
	page := render(t, "html", r, Options{})
	checkHTML(t, page)
	for _, want := range []string{
		`<span class="kind">weak password</span> <b><bdi>the image</bdi></b>`, "4 findings of no layer that can be named", "gone&lt;b&gt;",
		`<a href="#layer-5">layer 5</a>`, `<a href="#layer-none">No layer that can be named</a>`, "Take a newer base image",
		"no fixed version of zlib1g is known", "to the highest of 2, 2a",
	} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not have %s", want)
		}
	}
}

// Lists of packages do not grow without end, and say how many they leave out.
func TestHTMLManyPackages(t *testing.T) {
	r := shop()
	for i := range 20000 {
		p := result.Package{Name: fmt.Sprintf("many%d", i), Version: "1", Type: "npm", Layer: 3, FirstLayer: 3}
		r.Packages = append(r.Packages, p)
		r.Removed = append(r.Removed, result.Removed{Package: p, RemovedIn: 5})
	}
	page := render(t, "html", r, Options{})
	checkHTML(t, page)
	for _, want := range []string{"20001 packages came with this instruction", "and 19001 packages more", "<summary>20000 packages</summary>", "and 19000 packages more"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := bytes.Count(page, []byte(">many")); n != 1999 {
		t.Errorf("%d packages are named, want 999 and 1000", n)
	}
}

// A gap is left out only where the failure has said the same.
func TestHTMLGapWithoutReason(t *testing.T) {
	r := clean()
	r.Incomplete = []finding.Gap{{Kind: finding.Limited, Layer: -1}}
	if page := render(t, "html", r, Options{}); !bytes.Contains(page, []byte("Incomplete: 1 thing could not be read")) {
		t.Error("the page does not show the gap")
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := hostileResult(s)
		r.Findings[1].Fingerprint = s
		harmlessHTML(t, render(t, "html", r, Options{}), Options{}, s)
	})
}

// checkHTML parses a page as browsers do and fails for every element and
// attribute that is not the template's, every link that is not an advisory's
// or the page's own, and every character that nobody can see.
func checkHTML(t *testing.T, page []byte) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	var links []string
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			if n.Parent.Data != "style" && n.Parent.Data != "script" {
				checkVisible(t, n.Data)
			}
		case html.CommentNode:
			t.Errorf("a comment: %.80q", n.Data)
		case html.ElementNode:
			allowed, ok := htmlAllowed[n.Data]
			if !ok {
				t.Errorf("an element <%.80s>", n.Data)
			}
			for _, a := range n.Attr {
				checkVisible(t, a.Val)
				if !slices.Contains(allowed, a.Key) && !slices.Contains(htmlEverywhere, a.Key) {
					t.Errorf("an attribute %s=%.80q on <%s>", a.Key, a.Val, n.Data)
				}
				switch {
				case a.Key == "id" && (ids[a.Val] || strings.ContainsFunc(a.Val, func(r rune) bool { return r != '-' && !unicode.IsDigit(r) && !unicode.IsLower(r) })):
					t.Errorf("an id twice, or of other characters than ours: %.80q", a.Val)
				case a.Key == "id":
					ids[a.Val] = true
				case a.Key == "href":
					links = append(links, a.Val)
				}
			}
		}
	}
	for _, l := range links {
		name, here := strings.CutPrefix(l, "#")
		if here && !ids[name] || !here && !strings.HasPrefix(l, "https://") && l != htmlStyle {
			t.Errorf("a link to %.80q, which is nowhere", l)
		}
	}
}

func checkVisible(t *testing.T, s string) {
	t.Helper()
	for _, r := range s {
		if r != '\n' && !unicode.IsPrint(r) || r == utf8.RuneError {
			t.Errorf("%U in %.80q", r, s)
			return
		}
	}
}
