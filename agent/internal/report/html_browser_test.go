package report

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	devtools "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/layergate/layergate/agent/internal/result"
)

// artifacts is where screenshots are kept: CI shows them, git ignores them.
const artifacts = "../../../artifacts/explorer"

// jenkins is the policy under which Jenkins serves what a build has archived,
// as of its documentation "Configuring Content Security Policy".
const jenkins = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self';"

// browser is a headless Chromium and a server with the pages of the samples:
// /jenkins/<sample>.html is the single page under the policy of Jenkins,
// /any/<sample>/index.html the folder without one, and so on.
type browser struct {
	ctx context.Context
	url string
}

func newBrowser(t *testing.T, samples map[string]*result.Result) browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("no chromium: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	server := httptest.NewServer(serve(t, samples))
	t.Cleanup(server.Close)
	return browser{ctx, server.URL}
}

func serve(t *testing.T, samples map[string]*result.Result) http.Handler {
	files := make(map[string][]byte)
	for name, r := range samples {
		files[name+".html"] = render(t, "html", r, Options{})
		folder, err := htmlFiles(r, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range folder {
			files[name+"/"+f.Name] = f.Data
		}
	}
	types := map[string]string{".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript"}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		name, strict := strings.CutPrefix(req.URL.Path, "/jenkins/")
		if strict {
			w.Header().Set("Content-Security-Policy", jenkins)
		}
		data, ok := files[strings.TrimPrefix(name, "/any/")]
		if !ok {
			http.NotFound(w, req)
			return
		}
		w.Header().Set("Content-Type", types[filepath.Ext(name)])
		w.Write(data)
	})
}

// tab is a page that is open, and what it complained of.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// step is something that is done to a page.
type step = chromedp.Action[chromedp.Void]

// command is a command of the DevTools protocol as a step.
func command[P, R any](c cdp.Command[P, R], params P) step {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// open loads a page in a tab of its own, 1280 pixels wide, after some steps.
func (b browser) open(t *testing.T, path string, before ...step) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx}
	p.run(wide, command(log.Enable, cdp.Empty{}), command(runtime.Enable, cdp.Empty{}))
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	p.run(before...)
	p.run(chromedp.Navigate(b.url + path))
	return p
}

// listen notes errors, and dialogs, which only injected script would open.
func (p *tab) listen(event any) {
	said := ""
	switch e := event.(type) {
	case *log.EventEntryAdded:
		said = e.Entry.Text
	case *runtime.EventExceptionThrown:
		said = e.ExceptionDetails.Text
	case *devtools.EventJavascriptDialogOpening:
		said = "a dialog: " + e.Message
		go chromedp.Do(p.ctx, command(devtools.HandleJavaScriptDialog, devtools.HandleJavaScriptDialogParams{}))
	default:
		return
	}
	p.mu.Lock()
	p.complaints = append(p.complaints, said)
	p.mu.Unlock()
}

// run takes steps; one that takes a minute never ends.
func (p *tab) run(steps ...step) {
	p.t.Helper()
	value(p, chromedp.Steps(steps...))
}

// value is what an action gives.
func value[T any](p *tab, a chromedp.Action[T]) T {
	p.t.Helper()
	if err := chromedp.Do(p.ctx); err != nil { // the first call has no time limit: it would be the tab's
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(p.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		p.t.Fatal(err)
	}
	return v
}

// eval is the value of an expression in the page.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	return value(p, chromedp.Evaluate[T](expression))
}

// want fails unless the expression is true, now or soon.
func (p *tab) want(expression string) {
	p.t.Helper()
	for range 500 {
		if eval[bool](p, "(() => { try { return !!("+expression+") } catch { return false } })()") {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.t.Errorf("not so: %s", expression)
}

// quiet fails if the page complained: of a script's error, or of something
// that its own policy forbids.
func (p *tab) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.complaints {
		p.t.Errorf("the page complains: %s", c)
	}
}

// shoot keeps a picture of the whole page.
func (p *tab) shoot(name string) {
	p.t.Helper()
	keep(p.t, name+".png", value(p, chromedp.FullScreenshot(100)))
}

func keep(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(artifacts, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(artifacts, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Conditions of a page.
var (
	dark = command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	paper    = command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
	noScript = command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	narrow   = chromedp.EmulateViewport(360, 740)
	wide     = chromedp.EmulateViewport(1280, 900)
)
