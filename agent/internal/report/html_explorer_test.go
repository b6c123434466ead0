package report

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestExplorer looks at the page in a real browser.
func TestExplorer(t *testing.T) {
	b := newBrowser(t, map[string]*result.Result{
		"shop": shop(), "clean": clean(), "broken": broken(), "crowded": crowded(), "failed": failed(),
		"huge": huge(5000), "marked": hostileResult(markup), "plain": hostileResult("harmless"),
	})
	for _, c := range []struct {
		name string
		test func(*testing.T, browser)
	}{
		{"pictures", testPictures}, {"without script", testWithoutScript}, {"under the policy of Jenkins", testJenkins},
		{"filters", testFilters}, {"search", testSearch}, {"sorting", testSorting}, {"permalinks", testPermalinks}, {"keyboard", testKeyboard},
		{"contrast", testContrast}, {"narrow", testNarrow}, {"paper", testPaper}, {"markup", testMarkup}, {"from a disk", testDisk},
		{"incomplete", testIncomplete}, {"names", testNames}, {"five thousand findings", testHuge},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, b) })
	}
}

// markup is text that becomes elements wherever it is not escaped.
const markup = `</title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>"><svg onload=alert(1)>' onfocus=alert(1) autofocus x='`

// failed is a scan that ended before anything was read.
func failed() *result.Result {
	r := &result.Result{SchemaVersion: result.SchemaVersion, Tool: shop().Tool, Created: shop().Created, Image: result.Image{Name: "web:1.2"},
		Failed: "reading web.tar: unexpected end of file", Verdict: result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1,
			Reasons: []string{"the scan could not be begun: reading web.tar: unexpected end of file"}}}
	r.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Subject: "web.tar", Reason: r.Failed, Layer: -1}}
	return r
}

// huge is an image with n findings in 300 packages of four layers.
func huge(n int) *result.Result {
	r := shop()
	r.Findings, r.Remedies = nil, nil
	for i := range n {
		k := i % 300
		p := finding.Package{Name: fmt.Sprintf("lib%03d", k), Version: fmt.Sprintf("1.%d.0-1", k), Type: "deb", FirstLayer: 0}
		s := finding.Severities[i*7%len(finding.Severities)]
		f := vuln(p, []int{0, 2, 3, 5}[k%4], fmt.Sprintf("CVE-20%02d-%d", 10+i%16, 1000+i), s, fmt.Sprintf("1.%d.1-1", k),
			finding.Alert, s.String()+": the rule alerts on "+s.String()+" vulnerabilities", "")
		score := float64(i%1000) / 1000
		f.EPSS, f.Aliases, f.SeveritySource = &score, []string{"DEBIAN-" + f.ID}, "Debian"
		f.Ratings = []finding.Rating{{Source: "NVD", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8, Severity: finding.Critical}}
		f.Published, f.Modified, f.Advisories, f.Sources = date(2024, 1, 2), date(2025, 1, 2), f.Aliases, []string{"Debian"}
		r.Findings = append(r.Findings, f)
	}
	r.Packages = installed(r.Findings)
	sign(r)
	return r
}

// testPictures keeps what the page looks like, and lets it complain.
func testPictures(t *testing.T, b browser) {
	for _, c := range []struct {
		name, path string
		before     step
	}{
		{"light", "/any/shop.html", wide}, {"dark", "/any/shop.html", dark}, {"narrow", "/any/shop.html", narrow},
		{"narrow-dark", "/any/crowded.html", chromedp.Steps(narrow, dark)}, {"clean", "/any/clean.html", wide}, {"clean-dark", "/any/clean.html", dark},
		{"broken", "/any/broken.html", wide}, {"broken-dark", "/any/broken.html", dark}, {"failed", "/any/failed.html", wide}, {"crowded", "/any/crowded.html", wide},
	} {
		p := b.open(t, c.path, c.before)
		p.shoot(c.name)
		p.quiet()
	}
}

// essentials is what a developer with a blocked merge must find on any page.
var essentials = []string{
	"Verdict: BLOCK", "exit code 2", "2 critical vulnerabilities block (rule default)", "1 secret blocks", "10 findings",
	"What clears the gate", "upgrade org.apache.logging.log4j:log4j-core from 2.14.1 to 2.16.0", "web/Dockerfile:7", "resolve secret etc/shop/.env",
	"Base image", "Added on top", "layer 3 COPY target/shop.jar", "182.4 MB", "1 critical 2 high 2 negligible", "CMD [\"bash\"]",
	"CVE-2021-44228", "known to be exploited", "94.4 %", "critical 10.0 says CVSS 3.1", "GHSA-jfh8-c2jp-5v3q", "critical and fixed in 2.15.0: the rule blocks",
	"srv/shop.jar/BOOT-INF/lib/log4j-core-2.14.1.jar", "exception by payments until 2027-01-01: not reachable", "end of life since 2026-06-10",
	"10 days old", "GHSA not complete", "CC-BY-4.0", "rule default",
}

// testWithoutScript: everything is there, folded or not; no dead controls.
func testWithoutScript(t *testing.T, b browser) {
	for _, path := range []string{"/any/shop.html", "/any/shop/index.html"} {
		p := b.open(t, path, noScript)
		p.wantText(essentials)
		p.wantUsable()
		p.quiet()
	}
}

func testJenkins(t *testing.T, b browser) {
	single := b.open(t, "/jenkins/shop.html")
	single.wantText(essentials)
	single.wantUsable()
	single.want(`getComputedStyle(document.querySelector(".verdict")).borderTopWidth === "0px"`) // the policy holds
	single.shoot("jenkins")

	folder := b.open(t, "/jenkins/shop/index.html")
	folder.wantText(essentials)
	folder.wantUsable()
	folder.shoot("jenkins-dir")
	free := b.open(t, "/any/shop.html", noScript)
	for _, look := range []string{`(".verdict").backgroundColor`, `(".chip.critical").color`, `(".stack").borderLeftColor`, `(".bar .high").fill`,
		`(".fold > summary").gridTemplateColumns`, `("body").fontFamily`, `(".totals").width`} {
		element, property, _ := strings.Cut(look, ").")
		expression := "getComputedStyle(document.querySelector" + element + "))." + property
		if got, want := eval[string](folder, expression), eval[string](free, expression); got != want || got == "" {
			t.Errorf("%s is %q under the policy of Jenkins, and %q elsewhere", look, got, want)
		}
	}
}

// wantText fails unless each of the texts is on the page, folded or not.
func (p *tab) wantText(texts []string) {
	p.t.Helper()
	all := strings.Join(strings.Fields(eval[string](p, `document.body.textContent`)), " ")
	for _, s := range texts {
		if !strings.Contains(all, s) {
			p.t.Errorf("the page does not say %q", s)
		}
	}
}

// wantUsable fails if there are controls that need script, or folds that do not.
func (p *tab) wantUsable() {
	p.t.Helper()
	p.want(`[...document.querySelectorAll("form, button, input, select, output")].every(e => e.getClientRects().length === 0)`)
	p.want(`!document.querySelector("details:not([open])").lastElementChild.checkVisibility()`)
	p.run(chromedp.Click(chromedp.CSS("#layers details:not([open]) > summary")))
	p.want(`document.querySelector("#layers details").open && document.querySelector("#layer-0").checkVisibility()`)
	p.run(chromedp.Click(chromedp.CSS(`.clears a`))) // a link into a fold opens it
	p.want(`document.querySelector("tr:target")?.checkVisibility() === true`)
}

// shown is an expression: the ids of the findings that fit the filters.
const shown = `[...document.querySelectorAll("tr[data-severity]")].filter(r => !r.closest("[hidden]")).map(r => r.cells[0].querySelector("a, bdi").textContent).sort().join(" ")`

func (p *tab) wantShown(ids ...string) {
	p.t.Helper()
	p.want(fmt.Sprintf("%s === %q", shown, strings.Join(ids, " ")))
}

func testFilters(t *testing.T, b browser) {
	for _, c := range []struct {
		pick string
		want []string
		said string
	}{
		{"[name=severity][value=critical]", []string{"CVE-2021-44228", "CVE-2021-45046", "CVE-2023-45853"}, "3 of 10"},
		{"[name=severity][value=high]", []string{"CVE-2023-28319", "CVE-2023-4911", "aws-access-key"}, "4 of 10"}, // two packages have one of them
		{"[name=action][value=block]", []string{"CVE-2021-44228", "CVE-2021-45046", "aws-access-key"}, "3 of 10"},
		{"[name=kind][value=secret]", []string{"aws-access-key"}, "1 of 10"},
		{"[name=origin][value=base]", []string{"CVE-2010-4756", "CVE-2023-45853", "CVE-2023-4911"}, "5 of 10"},
		{"[name=only][value=fix]", []string{"CVE-2021-44228", "CVE-2021-45046", "CVE-2021-45105", "CVE-2023-28319", "CVE-2023-4911"}, "6 of 10"},
		{"[name=only][value=kev]", []string{"CVE-2021-44228"}, "1 of 10"},
	} {
		p := b.open(t, "/any/shop.html")
		p.run(chromedp.Click(chromedp.CSS(c.pick)))
		p.wantShown(c.want...)
		p.want(fmt.Sprintf(`document.querySelector("#shown").value === "%s findings"`, c.said))
		p.want(`[...document.querySelectorAll("tr[data-severity]")].every(r => r.closest("[hidden]") || r.checkVisibility())`) // what fits is opened
		again := b.open(t, "/any/shop.html"+eval[string](p, `location.hash`))
		again.wantShown(c.want...)
		p.run(chromedp.Click(chromedp.CSS("[type=reset]")))
		p.want(`document.querySelector("#shown").value === "10 findings" && location.hash === ""`)
		p.want(`document.querySelectorAll("details.fold[open]").length === 4`)
		p.quiet()
	}
}

// slash presses the key "/" as a keyboard does: what the page takes for itself
// is not typed.
var slash = command(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: "/", Text: "/"})

func testSearch(t *testing.T, b browser) {
	p := b.open(t, "/any/shop.html")
	p.run(slash, chromedp.KeyEvent("GLIBC 4911"))
	p.wantShown("CVE-2023-4911")
	p.want(`location.hash === "#?q=GLIBC+4911"`)
	p.run(chromedp.KeyEvent(" nowhere"))
	p.wantShown()
	p.want(`document.querySelector(".nothing").checkVisibility()`)
	p.shoot("nothing-fits")
	p.run(chromedp.Click(chromedp.CSS("[type=reset]")))
	p.run(slash, chromedp.KeyEvent("payments"))
	p.wantShown("CVE-2023-28319")
	p.shoot("search")
	p.quiet()
}

func testSorting(t *testing.T, b browser) {
	p := b.open(t, "/any/shop.html")
	rows := `[...document.querySelectorAll("#layer-3 tbody th a:first-child")].map(a => a.textContent.slice(-5)).join(" ")`
	for _, c := range []struct {
		column       int
		order, state string
	}{
		{1, "44228 45046 45105", "descending"}, {1, "45105 44228 45046", "ascending"},
		{2, "44228 45046 45105", "ascending"}, {2, "45105 45046 44228", "descending"},
		{3, "44228 45105 45046", "descending"},
	} {
		p.run(chromedp.Click(chromedp.CSS(fmt.Sprintf("#layer-3 thead th:nth-child(%d) button", c.column+1))))
		p.want(fmt.Sprintf("%s === %q", rows, c.order))
		p.want(fmt.Sprintf(`document.querySelectorAll("#layer-3 [aria-sort]").length === 1 && document.querySelectorAll("#layer-3 thead th")[%d].ariaSort === %q`, c.column, c.state))
	}
	packages := `[...document.querySelectorAll("#layer-0 .pack summary b")].map(b => b.textContent).join(" ")`
	p.want(packages + ` === "zlib1g libc-bin, libc6"`)
	for by, want := range map[string]string{"name": "libc-bin, libc6 zlib1g", "count": "libc-bin, libc6 zlib1g", "": "zlib1g libc-bin, libc6"} {
		p.run(chromedp.SetValue(chromedp.CSS("[name=sort]"), by))
		eval[bool](p, `document.querySelector("[name=sort]").dispatchEvent(new Event("input", {bubbles: true}))`)
		p.want(fmt.Sprintf("%s === %q", packages, want))
	}
	p.quiet()
}

func testPermalinks(t *testing.T, b browser) {
	r := shop()
	for _, f := range []finding.Finding{r.Findings[1], r.Findings[5], r.Findings[9]} {
		p := b.open(t, "/any/shop.html#f-"+f.Fingerprint)
		p.want(`document.querySelector(":target")?.checkVisibility() && document.querySelector("tr.here").getBoundingClientRect().top < innerHeight`)
		p.want(fmt.Sprintf(`document.querySelector("tr.here").cells[0].textContent.includes(%q)`, f.ID))
		p.quiet()
	}
	p := b.open(t, "/any/shop.html#layer-2")
	p.want(`document.querySelector("#layer-2").checkVisibility() && !document.querySelector("#layer-0").checkVisibility()`)
	p.run(chromedp.Click(chromedp.CSS("[name=origin][value=base]")), chromedp.Click(chromedp.CSS(".clears a")))
	p.want(`document.querySelector("tr:target")?.checkVisibility() === true`) // a link shows what a filter had hidden
	p.quiet()
}

// testKeyboard walks over the page as people without a mouse do.
func testKeyboard(t *testing.T, b browser) {
	p := b.open(t, "/any/shop.html")
	p.run(chromedp.KeyEvent(kb.Tab))
	p.want(`document.activeElement.className === "skip" && document.activeElement.getBoundingClientRect().top >= 0`)
	p.run(chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
	p.want(`document.activeElement.id === "q"`)
	var seen []string
	for range 60 {
		p.run(chromedp.KeyEvent(kb.Tab))
		on := eval[string](p, `(e => e.localName + (e.name || "") + (e.dataset.do || ""))(document.activeElement)`)
		seen = append(seen, on)
		if on == "summary" {
			break
		}
		p.want(`((s) => s.outlineStyle !== "none" && s.outlineWidth !== "0px")(getComputedStyle(document.activeElement.closest("label.pick") || document.activeElement))`)
	}
	for _, want := range []string{"inputseverity", "inputorigin", "selectsort", "buttonopen", "summary"} {
		if !slices.Contains(seen, want) {
			t.Errorf("Tab does not come to %s: %v", want, seen)
		}
	}
	p.run(chromedp.KeyEvent(kb.Enter))
	p.want(`document.querySelector("#layer-0").checkVisibility()`)
	p.quiet()
}

// contrasts is an expression: texts with too little contrast, by the formula of
// WCAG 2.2 (relative luminance; 4.5 for text of any size).
const contrasts = `(() => {
	const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
	const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
	const light = (c) => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const ground = (e) => e ? over(parse(getComputedStyle(e).backgroundColor), ground(e.parentElement)) : [255, 255, 255, 1];
	const bad = new Set();
	for (const e of document.querySelectorAll("body *:not(svg, svg *)")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
		const back = ground(e), [x, y] = [light(over(parse(getComputedStyle(e).color), back)), light(back)];
		const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
		if (ratio < 4.5) bad.add(e.localName + "." + e.className + " " + ratio.toFixed(2));
	}
	return [...bad].join("; ");
})()`

func testContrast(t *testing.T, b browser) {
	for scheme, before := range map[string]step{"light": wide, "dark": dark} {
		for _, name := range []string{"shop", "broken", "clean", "failed", "crowded"} {
			p := b.open(t, "/any/"+name+".html", before)
			eval[bool](p, `[...document.querySelectorAll("details")].every(d => d.open = true)`)
			if bad := eval[string](p, contrasts); bad != "" {
				t.Errorf("%s, %s: too little contrast: %s", name, scheme, bad)
			}
		}
	}
}

func testNarrow(t *testing.T, b browser) {
	for _, name := range []string{"shop", "crowded", "broken", "marked"} {
		p := b.open(t, "/any/"+name+".html", narrow)
		eval[bool](p, `[...document.querySelectorAll("details")].every(d => d.open = true)`)
		p.want(`document.documentElement.scrollWidth <= innerWidth`)
		p.want(`[...document.querySelectorAll("summary .head")].every(e => e.getBoundingClientRect().width > 120)`)
	}
}

// testPaper: all of it is on paper, without the script's help.
func testPaper(t *testing.T, b browser) {
	p := b.open(t, "/any/shop.html", noScript, paper)
	p.want(`[...document.querySelectorAll("tr, .installed li, .more p, dd")].every(e => e.checkVisibility() && e.getClientRects().length > 0)`)
	p.shoot("paper")
	p = b.open(t, "/any/shop.html")
	pdf := value(p, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	keep(t, "shop.pdf", pdf)
	p.want(`document.querySelectorAll("details.fold[open]").length === 4`) // as before
	p.quiet()
}

// testMarkup: a text from an image makes no element and runs no script. The
// policy of the page would stop the script, so elements are counted as well.
func testMarkup(t *testing.T, b browser) {
	census := `JSON.stringify(Object.entries(Object.groupBy(document.querySelectorAll("*"), e => e.localName)).map(([n, l]) => n + " " + l.length).sort())`
	for _, path := range []string{"/any/%s.html", "/any/%s/index.html", "/jenkins/%s.html"} {
		marked, plain := b.open(t, fmt.Sprintf(path, "marked")), b.open(t, fmt.Sprintf(path, "plain"))
		if got, want := eval[string](marked, census), eval[string](plain, census); got != want {
			t.Errorf("%s: elements with markup in all texts:\n%s\nand without:\n%s", path, got, want)
		}
		if path == "/any/%s.html" {
			marked.wantText([]string{strings.Join(strings.Fields(markup), " ")})
			marked.quiet()
			marked.shoot("markup")
		}
	}
}

// testDisk: the folder has its looks and its script when it is opened as files.
func testDisk(t *testing.T, b browser) {
	files, err := htmlFiles(shop(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(folder, f.Name), f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.url = "file://" + folder
	p := b.open(t, "/"+htmlIndex)
	p.want(`getComputedStyle(document.querySelector(".verdict")).display === "grid" && document.querySelector("#filters").checkVisibility()`)
	p.run(chromedp.Click(chromedp.CSS("[name=kind][value=secret]")))
	p.wantShown("aws-access-key")
	p.quiet()
}

func testIncomplete(t *testing.T, b browser) {
	p := b.open(t, "/any/broken.html", noScript)
	p.wantText([]string{"Verdict: INCOMPLETE", "exit code 1", "16 things could not be read or decided, so findings may be missing",
		"unexpected end of the gzip stream", "pkg:hex/name13@1.0", "CVE-2020-0001", "nothing found in what could be read 2 gaps"})
	p.want(`document.querySelector(".gaps").getBoundingClientRect().top < innerHeight`)
	p = b.open(t, "/any/failed.html", noScript)
	p.wantText([]string{"The scan failed reading web.tar: unexpected end of file", "no proof that the image is clean", "No layer could be read", "Advisories: none were used"})
	p.want(`!document.body.textContent.includes("no findings") && !document.body.textContent.includes("Nothing was found")`)
}

// testNames: every control and every table has a name for screen readers, and
// headings leave out no level.
func testNames(t *testing.T, b browser) {
	for _, name := range []string{"shop", "broken", "clean", "failed"} {
		p := b.open(t, "/any/"+name+".html")
		p.want(`[...document.querySelectorAll("input, select")].every(e => e.labels.length === 1 && e.labels[0].textContent.trim())`)
		p.want(`[...document.querySelectorAll("table")].every(t => t.caption.textContent && [...t.tHead.rows[0].cells].every(c => c.scope === "col"))`)
		p.want(`[...document.querySelectorAll("h1, h2, h3, h4")].map(h => Number(h.localName[1])).every((n, i, all) => i === 0 ? n === 1 : n <= all[i - 1] + 1)`)
		p.want(`[...document.querySelectorAll("a, button, summary")].every(e => e.textContent.trim())`)
	}
}

// testHuge measures, and fails only where something is not shown.
func testHuge(t *testing.T, b browser) {
	p := b.open(t, "/any/huge.html")
	wait := func(expression string) float64 {
		return value(p, chromedp.Evaluate[float64](expression, chromedp.EvalAwaitPromise))
	}
	paint := wait(`new Promise(done => { const look = () => { const [e] = performance.getEntriesByName("first-contentful-paint"); e ? done(e.startTime) : setTimeout(look, 10) }; look() })`)
	loaded := eval[float64](p, `performance.getEntriesByType("navigation")[0].loadEventEnd`)
	timed := func(expression string) float64 {
		return wait(`(async () => { const start = performance.now(); ` + expression + `; await new Promise(r => setTimeout(r, 1)); await new Promise(r => requestAnimationFrame(() => setTimeout(r))); return performance.now() - start })()`)
	}
	first := timed(`document.querySelector("[value=critical]").click()`)
	p.want(`/^8\d\d of 5000 findings$/.test(document.querySelector("#shown").value)`)
	second := timed(`document.querySelector("[value=high]").click()`)
	reset := timed(`document.querySelector("[type=reset]").click()`)
	open := timed(`document.querySelector("[data-do=open]").click()`)
	p.want(`[...document.querySelectorAll("details.pack")].length === 300 && [...document.querySelectorAll("details.pack")].every(e => e.open)`)
	t.Logf("5,000 findings: first paint after %.0f ms, loaded after %.0f ms, first filter %.0f ms, second %.0f ms, reset %.0f ms, all opened %.0f ms, %d elements",
		paint, loaded, first, second, reset, open, eval[int](p, `document.querySelectorAll("*").length`))
	p.quiet()
}

func BenchmarkHTML(b *testing.B) {
	r := huge(5000)
	for b.Loop() {
		page, err := explore(r, htmlLinks{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(page))/1e6, "MB")
	}
}
