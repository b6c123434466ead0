package network

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// statuses answers with one after the other, then with 200.
type statuses struct {
	codes  []int
	header string // Retry-After
	bodies []string
}

func (s *statuses) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.bodies = append(s.bodies, string(b))
	}
	rec := httptest.NewRecorder()
	if len(s.codes) > 0 {
		rec.Header().Set("Retry-After", s.header)
		rec.Code, s.codes = s.codes[0], s.codes[1:]
	}
	return rec.Result(), nil
}

func TestPatience(t *testing.T) {
	for name, tt := range map[string]struct {
		method string
		server statuses
		want   int
		waits  []time.Duration
	}{
		"good":                         {"GET", statuses{}, 200, nil},
		"busy":                         {"GET", statuses{[]int{429, 503}, "7", nil}, 200, []time.Duration{7 * time.Second, 7 * time.Second}},
		"broken":                       {"HEAD", statuses{[]int{500, 502, 504}, "1", nil}, 200, []time.Duration{time.Second, time.Second, time.Second}},
		"always busy":                  {"GET", statuses{[]int{429, 429, 429, 429, 429}, "2", nil}, 429, []time.Duration{2 * time.Second, 2 * time.Second, 2 * time.Second}},
		"busy for longer than we wait": {"GET", statuses{[]int{429}, "3600", nil}, 429, nil},
		"not there":                    {"GET", statuses{[]int{404}, "1", nil}, 404, nil},
		"busy with an upload":          {"PUT", statuses{[]int{429}, "1", nil}, 200, []time.Duration{time.Second}},
		"an upload that broke":         {"PUT", statuses{[]int{500}, "1", nil}, 500, nil},
	} {
		var waits []time.Duration
		p := Patient{To: &tt.server, Wait: func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }}
		var body io.Reader
		if tt.method == "PUT" {
			body = strings.NewReader("body")
		}
		r, err := http.NewRequest(tt.method, "http://127.0.0.1/", body)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := p.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.waits, waits); diff != "" || answer.StatusCode != tt.want {
			t.Errorf("%s: status %d, want %d; waits -want +got:\n%s", name, answer.StatusCode, tt.want, diff)
		}
		for _, b := range tt.server.bodies {
			if b != "body" {
				t.Errorf("%s: sent %q", name, tt.server.bodies)
			}
		}
	}
}

// Without a Retry-After the waits grow; a cancelled one ends the request.
func TestPatienceOfItsOwn(t *testing.T) {
	var last time.Duration
	p := Patient{To: &statuses{codes: []int{503, 503, 503}}, Wait: func(_ context.Context, d time.Duration) error {
		if d <= last || d > 5*time.Second {
			t.Errorf("waits %s after %s", d, last)
		}
		last = d
		return nil
	}}
	answer, err := p.RoundTrip(httptest.NewRequest("GET", "/", nil))
	if err != nil || answer.StatusCode != 200 {
		t.Error(answer, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p = Patient{To: &statuses{codes: []int{503}}, Wait: Wait}
	if _, err := p.RoundTrip(httptest.NewRequest("GET", "/", nil).WithContext(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for header, want := range map[string]struct {
		pause time.Duration
		asked bool
	}{
		"":                              {0, false},
		"120":                           {2 * time.Minute, true},
		"-1":                            {0, false},
		"soon":                          {0, false},
		"99999999999999999999":          {0, false},
		"Mon, 06 May 2024 07:08:19 GMT": {10 * time.Second, true},
		"Mon, 06 May 2024 07:08:00 GMT": {0, true},
	} {
		if pause, asked := RetryAfter(header, now); pause != want.pause || asked != want.asked {
			t.Errorf("%q: %s, %v", header, pause, asked)
		}
	}
}
