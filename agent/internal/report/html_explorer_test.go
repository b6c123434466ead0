package report

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

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

// metrics is what the browser has measured of a page.
func metrics(ctx context.Context, t *chromedp.Target) (performance.GetMetricsResult, error) {
	return cdp.Call(ctx, t, performance.GetMetrics, cdp.Empty{})
}

// testHuge measures, and fails only where something is not shown.
func testHuge(t *testing.T, b browser) {
	p := b.open(t, "/any/huge.html", command(performance.Enable, performance.EnableParams{TimeDomain: "threadTicks"}))
	wait := func(expression string) float64 {
		return value(p, chromedp.Evaluate[float64](expression, chromedp.EvalAwaitPromise))
	}
	paint := wait(`new Promise(done => { const look = () => { const [e] = performance.getEntriesByName("first-contentful-paint"); e ? done(e.startTime) : setTimeout(look, 10) }; look() })`)
	loaded := eval[float64](p, `performance.getEntriesByType("navigation")[0].loadEventEnd`)
	cpu := 0.0
	for _, m := range value(p, metrics).Metrics {
		if m.Name == "TaskDuration" {
			cpu = m.Value
		}
	}
	timed := func(expression string) float64 {
		return wait(`(async () => { const start = performance.now(); ` + expression + `; await new Promise(r => setTimeout(r, 1)); await new Promise(r => requestAnimationFrame(() => setTimeout(r))); return performance.now() - start })()`)
	}
	first := timed(`document.querySelector("[value=critical]").click()`)
	p.want(`/^8\d\d of 5000 findings$/.test(document.querySelector("#shown").value)`)
	second := timed(`document.querySelector("[value=high]").click()`)
	reset := timed(`document.querySelector("[type=reset]").click()`)
	open := timed(`document.querySelector("[data-do=open]").click()`)
	p.want(`[...document.querySelectorAll("details.pack")].length === 300 && [...document.querySelectorAll("details.pack")].every(e => e.open)`)
	t.Logf("5,000 findings: first paint after %.0f ms, loaded after %.0f ms (%.0f ms of processor time), first filter %.0f ms, second %.0f ms, reset %.0f ms, all opened %.0f ms, %d elements",
		paint, loaded, 1000*cpu, first, second, reset, open, eval[int](p, `document.querySelectorAll("*").length`))
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
