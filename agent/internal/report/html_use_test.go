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
)

// shown is an expression: the ids of the findings that fit the filters.
const shown = `[...document.querySelectorAll(".pack tbody > tr")].filter(r => !r.closest("[hidden]")).map(r => r.cells[0].querySelector("a, bdi").textContent).sort().join(" ")`

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
		p.want(`[...document.querySelectorAll(".pack tbody > tr")].every(r => r.closest("[hidden]") || r.checkVisibility())`) // what fits is opened
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
	p.run(chromedp.Click(chromedp.CSS("[type=reset]")))
	p.run(slash, chromedp.KeyEvent("changed 2025-04-03")) // of the fold below the rows
	p.wantShown("CVE-2021-44228")
	p.run(chromedp.Click(chromedp.CSS("[type=reset]")), chromedp.Click(chromedp.CSS("[name=severity][value=medium]")))
	p.want(`document.querySelector("#layer-3 .more > p").hidden`)
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
	p := b.open(t, "/any/shop.html")
	p.want(`document.querySelectorAll("#layer-3 .permalink").length === 3`)
	eval[bool](p, `document.querySelector("#layer-3 .permalink").click() === undefined`)
	p.want(`document.querySelector("tr:target.here .permalink").ariaLabel === "link to CVE-2021-44228"`)
	p = b.open(t, "/any/shop.html#layer-2")
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
