package network

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	attempts  = 4
	firstWait = time.Second // doubled for each further one

	// longestWait bounds what a Retry-After can ask for. Docker Hub's can be
	// hours; a pipeline had rather know now.
	longestWait = 30 * time.Second
)

// Patient asks again when a server is too busy (429) or fails (5xx), after as
// long as its Retry-After says, if it says.
type Patient struct {
	To   http.RoundTripper
	Wait func(context.Context, time.Duration) error // network.Wait; tests have others
}

// RoundTrip sends a request up to four times. The last answer is returned as
// it is; so is one that asks for more patience than there is.
func (p Patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for n, backoff := 1, firstWait; ; n, backoff = n+1, 2*backoff {
		answer, err := p.To.RoundTrip(r)
		if err != nil || n == attempts || !again(r, answer.StatusCode) {
			return answer, err
		}
		pause, asked := RetryAfter(answer.Header.Get("Retry-After"), time.Now())
		switch {
		case !asked:
			pause = backoff + rand.N(backoff/4) // so that many agents do not come back at once
		case pause > longestWait:
			return answer, nil
		}
		// The connection is used again if the answer is read to its end.
		_, _ = io.CopyN(io.Discard, answer.Body, 4<<10)
		if err := errors.Join(answer.Body.Close(), p.Wait(r.Context(), pause)); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// again says whether a request may be repeated after such an answer. One that
// changes something is repeated only if it was not begun.
func again(r *http.Request, status int) bool {
	if r.Body != nil && r.Body != http.NoBody && r.GetBody == nil {
		return false
	}
	switch status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	}
	return false
}

// RetryAfter reads a Retry-After header, RFC 9110 section 10.2.3: seconds or a
// date. asked is false where there is none that can be read.
func RetryAfter(header string, now time.Time) (pause time.Duration, asked bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

// Wait waits, or until ctx ends; its error is then the reason.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
