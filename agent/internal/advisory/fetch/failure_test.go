package fetch

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	kevAt    = "www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
	oldKEV   = `{"count": 1, "vulnerabilities": [{"cveID": "CVE-2021-44228"}]}`
	newerKEV = `{"count": 2, "vulnerabilities": [{"cveID": "CVE-2021-44228"}, {"cveID": "CVE-2026-0001"}]}`
)

// withKEV is an internet and a folder that has yesterday's KEV.
func withKEV(t *testing.T) (*internet, *Folder, string) {
	in := newInternet(t)
	in.set(kevAt, published(oldKEV, published1))
	folder := t.TempDir()
	f := open(t, folder)
	o := in.options(nil)
	o.Sources = []string{"kev"}
	update(t, f, o)
	in.answered()
	return in, f, folder
}

// inTurn answers with one page after the other; the last stays.
func inTurn(pages ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page := pages[0]
		if len(pages) > 1 {
			pages = pages[1:]
		}
		page(w, r)
	}
}

func answer(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// cut sends so many bytes of what it says that it sends.
func cut(content string, at int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+sumOf(content)[:16]+`"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write([]byte(content[:at]))
		flush(w)
		panic(http.ErrAbortHandler)
	}
}

func send(content string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer(http.StatusOK, header...)(w, r)
		w.Write([]byte(content))
	}
}

// flush sends what was written; an error means that the client has gone.
func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }

func hangs(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// TestFailureThatPasses: what is tried again until it works, and after what pauses.
func TestFailureThatPasses(t *testing.T) {
	good := published(newerKEV, published2)
	exactly := func(d ...time.Duration) func([]time.Duration) bool {
		return func(got []time.Duration) bool { return slices.Equal(got, d) }
	}
	one := func(got []time.Duration) bool {
		return len(got) == 1 && got[0] >= time.Second/2 && got[0] <= time.Second
	}
	for _, c := range []struct {
		name   string
		pages  []http.HandlerFunc
		pauses func([]time.Duration) bool
		stall  time.Duration
	}{
		{"429 with seconds", []http.HandlerFunc{answer(429, "Retry-After", "7"), good}, exactly(7 * time.Second), 0},
		{"429 with a date", []http.HandlerFunc{answer(429, "Retry-After", today.Add(90*time.Second).Format(http.TimeFormat)), good}, exactly(90 * time.Second), 0},
		{"503 with a date that has passed", []http.HandlerFunc{answer(503, "Retry-After", today.Add(-time.Hour).Format(http.TimeFormat)), good}, one, 0},
		{"500 four times", []http.HandlerFunc{answer(500), answer(502), answer(503), answer(504), good}, func(got []time.Duration) bool {
			for i, d := range got {
				if want := time.Second << i; d < want/2 || d > want {
					return false
				}
			}
			return len(got) == 4
		}, 0},
		{"cut", []http.HandlerFunc{cut(newerKEV, 30), good}, one, 0},
		{"cut before the header", []http.HandlerFunc{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, good}, one, 0},
		{"a page of a proxy", []http.HandlerFunc{send("<html>Please log in</html>"), good}, one, 0},
		{"stalls", []http.HandlerFunc{hangs, good}, one, 100 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, f, folder := withKEV(t)
			in.set(kevAt, inTurn(c.pages...))
			var pauses []time.Duration
			o := in.options(&pauses)
			o.Sources = []string{"kev"}
			if c.stall != 0 {
				o.Stall = c.stall
			}
			update(t, f, o)
			if got := tree(t, folder)["kev.json"]; got != newerKEV {
				t.Errorf("the file is %q", got)
			}
			if !c.pauses(pauses) {
				t.Errorf("the pauses were %v", pauses)
			}
		})
	}
}

// TestSlowIsNotStalled: a download may take longer than a stall, as long as
// something comes.
func TestSlowIsNotStalled(t *testing.T) {
	t.Parallel()
	in, f, folder := withKEV(t)
	in.set(kevAt, func(w http.ResponseWriter, r *http.Request) {
		for i := range 5 {
			time.Sleep(500 * time.Millisecond)
			w.Write([]byte(newerKEV[i*len(newerKEV)/5 : (i+1)*len(newerKEV)/5]))
			flush(w)
		}
	})
	o := in.options(nil).only("kev")
	o.Stall, o.Attempts = 2*time.Second, 1
	update(t, f, o)
	if got := tree(t, folder)["kev.json"]; got != newerKEV {
		t.Errorf("the file is %q", got)
	}
}

// TestFailureThatStays: what ends a download, after how many attempts, and
// what is said. The old file stays.
func TestFailureThatStays(t *testing.T) {
	for _, c := range []struct {
		name     string
		page     http.HandlerFunc
		attempts int
		want     []string
	}{
		{"500", answer(500), 5, []string{"500 Internal Server Error", "try again later"}},
		{"429", answer(429, "Retry-After", "1"), 5, []string{"429 Too Many Requests", "--mirror"}},
		{"429 for an hour", answer(429, "Retry-After", "3600"), 1, []string{"until 2026-11-23 09:00 UTC", "--mirror"}},
		{"404", answer(404), 1, []string{"404 Not Found", "newer layergate"}},
		{"403", answer(403), 1, []string{"403 Forbidden"}},
		{"206 unasked", answer(206, "Content-Range", "bytes 0-1/100"), 5, []string{"another range"}},
		{"HTML", send("<!DOCTYPE html><html>"), 2, []string{"not JSON", `it begins "<!DOCTYPE html>`}},
		{"nothing", send(""), 2, []string{"not JSON"}},
		{"a part without a length", func(w http.ResponseWriter, r *http.Request) {
			flush(w)
			w.Write([]byte(newerKEV[:40]))
		}, 2, []string{"not all of it"}},
		{"too large", send("", "Content-Length", "999999999999"), 1, []string{"larger than any that is published"}},
		{"down to http", answer(302, "Location", "http://"+kevAt), 1, []string{"from https to plain http"}},
		{"to a file", answer(302, "Location", "file:///etc/passwd"), 1, []string{"file:///etc/passwd, which is not followed"}},
		{"in circles", answer(302, "Location", "https://"+kevAt), 1, []string{"redirects more than 10 times"}},
		{"older", published(newerKEV, published1.Add(-48*time.Hour)), 1, []string{"2026-11-18", "2026-11-20", "--allow-older"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, f, folder := withKEV(t)
			in.set(kevAt, c.page)
			var pauses []time.Duration
			o := in.options(&pauses)
			o.Sources = []string{"kev"}
			outcomes, err := f.Update(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if outcomes[0].Err == nil {
				t.Fatal("no error")
			}
			said := outcomes[0].Err.Error()
			for _, want := range append(c.want, "fetching kev: https://"+kevAt+": ") {
				if !strings.Contains(said, want) {
					t.Errorf("the error does not say %q: %s", want, said)
				}
			}
			if strings.Count(said, kevAt) != 1+strings.Count(strings.Join(c.want, ""), kevAt) && c.name != "down to http" {
				t.Errorf("the address is said more than once: %s", said)
			}
			if len(pauses)+1 != c.attempts {
				t.Errorf("%d attempts, want %d", len(pauses)+1, c.attempts)
			}
			if diff := cmp.Diff(map[string]string{"kev.json": oldKEV}, tree(t, folder)); diff != "" {
				t.Errorf("the folder (-want +got):\n%s", diff)
			}
			if !outcomes[0].Since.Equal(today) {
				t.Errorf("what is there is said to be of %s", outcomes[0].Since)
			}
		})
	}
}

// TestUnaskedNotModified: what was not asked whether it changed cannot have
// stayed as it was.
func TestUnaskedNotModified(t *testing.T) {
	in := newInternet(t)
	in.set(kevAt, answer(http.StatusNotModified))
	outcomes, err := open(t, t.TempDir()).Update(t.Context(), in.options(nil).only("kev"))
	if err != nil || outcomes[0].Err == nil || !strings.Contains(outcomes[0].Err.Error(), "was not asked that") {
		t.Errorf("%v, %+v", err, outcomes)
	}
}

func TestAllowOlder(t *testing.T) {
	in, f, folder := withKEV(t)
	in.set(kevAt, published(newerKEV, published1.Add(-48*time.Hour)))
	o := in.options(nil)
	o.AllowOlder = true
	update(t, f, o.only("kev"))
	if got := tree(t, folder)["kev.json"]; got != newerKEV {
		t.Errorf("the file is %q", got)
	}
}

func (o Options) only(sources ...string) Options {
	o.Sources = sources
	return o
}

func TestUnknownAuthority(t *testing.T) {
	in, f, _ := withKEV(t)
	o := in.options(nil)
	o.CACert = ""
	outcomes, err := f.Update(t.Context(), o.only("kev"))
	if err != nil {
		t.Fatal(err)
	}
	if err := outcomes[0].Err; err == nil || !strings.Contains(err.Error(), "--ca-cert") {
		t.Errorf("error: %v", err)
	}
}

// TestCancelled: whatever the moment, the old file or the new one is there.
func TestCancelled(t *testing.T) {
	in, f, folder := withKEV(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("Ctrl-C")
	in.set(kevAt, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		w.Write([]byte(newerKEV[:50]))
		flush(w)
		cancel(why)
		<-r.Context().Done()
	})
	o := in.options(nil)
	if _, err := f.Update(ctx, o.only("kev")); !errors.Is(err, why) {
		t.Errorf("error %v, want %v", err, why)
	}
	if diff := cmp.Diff(map[string]string{"kev.json": oldKEV}, tree(t, folder)); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
	f.Close()
	in.set(kevAt, published(newerKEV, published2))
	update(t, open(t, folder), o.only("kev"))
	if got := tree(t, folder)["kev.json"]; got != newerKEV {
		t.Errorf("after another run: %q", got)
	}
}

// TestWrongSum: a file with another sum than its publisher gives is not taken.
func TestWrongSum(t *testing.T) {
	in := everything(t)
	wrong := sumOf("something else")
	in.lists(wrong, wrong)
	folder := t.TempDir()
	outcomes, err := open(t, folder).Update(t.Context(), in.options(nil).only("redhat", "amazon", "kev"))
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range outcomes {
		if out.Source == "kev" {
			if out.Err != nil {
				t.Errorf("one source's failure is another's: %v", out.Err)
			}
			continue
		}
		if out.Err == nil || !strings.Contains(out.Err.Error(), "should have "+wrong) {
			t.Errorf("%s: error %v", out.Source, out.Err)
		}
	}
	for p := range tree(t, folder) {
		if strings.HasPrefix(p, "amazon/") || strings.HasSuffix(p, ".tar.zst") {
			t.Errorf("%s was taken", p)
		}
	}
}

// TestRedHatInTurn: a new archive takes the place of the old one and of the
// documents that it includes; an older archive is refused.
func TestRedHatInTurn(t *testing.T) {
	in := everything(t)
	folder := t.TempDir()
	f := open(t, folder)
	o := in.options(nil).only("redhat")
	update(t, f, o)

	own := filepath.Join(folder, "redhat-vex/notes.txt")
	if err := os.WriteFile(own, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	base := "security.access.redhat.com/data/csaf/v2/vex/"
	offer := func(day string, changes string) {
		archive := zstded("the archive of " + day)
		name := "csaf_vex_" + day + ".tar.zst"
		in.set(base+"archive_latest.txt", send(name+"\n"))
		in.set(base+name, published(archive, published2))
		in.set(base+name+".sha256", answer(404))
		in.set(base+"changes.csv", send(changes))
		in.set(base+"deletions.csv", answer(404))
	}
	offer("2026-11-21", `"2023/cve-2023-38545.json","2026-11-21T03:00:00+00:00"`+"\n"+`"2026/cve-2026-0009.json","2026-11-21T02:00:00+00:00"`+"\n")
	var warned []string
	o.Warn = func(m string) { warned = append(warned, m) }
	in.set(base+"2023/cve-2023-38545.json", published(`{"document": {"x": 4}}`, published2))
	outcomes := update(t, f, o)
	want := map[string]string{
		"redhat-vex/csaf_vex_2026-11-21.tar.zst": zstded("the archive of 2026-11-21"),
		"redhat-vex/notes.txt":                   "", // somebody's own
		"redhat-vex/2023/cve-2023-38545.json":    `{"document": {"x": 4}}`,
	}
	if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
		t.Errorf("the folder (-want +got):\n%s", diff)
	}
	if got := outcomes[0]; got.Changed != 2 || got.Removed != 3 || got.Files != 3 {
		t.Errorf("two came and three went, yet: %+v", got)
	}

	if len(warned) != 1 || !strings.Contains(warned[0], "cve-2026-0009.json: the server answered 404 Not Found: Red Hat lists") {
		t.Errorf("of the document that is not there: %q", warned)
	}

	offer("2026-11-14", "")
	got, err := f.Update(t.Context(), o)
	if err != nil || got[0].Err == nil || !strings.Contains(got[0].Err.Error(), "older") {
		t.Errorf("an older archive: %v, %+v", err, got)
	}
	if diff := cmp.Diff(want, tree(t, folder)); diff != "" {
		t.Errorf("the folder after an older archive (-want +got):\n%s", diff)
	}
}
