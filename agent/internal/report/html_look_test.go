package report

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

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

func testIncomplete(t *testing.T, b browser) {
	p := b.open(t, "/any/broken.html", noScript)
	p.wantText([]string{"Verdict: INCOMPLETE", "exit code 1", "16 things could not be read or decided, so findings may be missing",
		"unexpected end of the gzip stream", "pkg:hex/name13@1.0", "CVE-2020-0001", "nothing found in what could be read 2 gaps"})
	p.want(`document.querySelector(".gaps").getBoundingClientRect().top < innerHeight`)
	p = b.open(t, "/any/failed.html", noScript)
	p.wantText([]string{"The scan failed reading web.tar: unexpected end of file", "no proof that the image is clean", "No layer could be read", "Advisories: none were used"})
	p.want(`!document.body.textContent.includes("no findings") && !document.body.textContent.includes("Nothing was found")`)
}
