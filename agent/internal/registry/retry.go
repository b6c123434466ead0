package registry

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	attempts  = 4
	firstWait = time.Second // doubled for each further one

	// longestWait bounds what a Retry-After can ask for. Docker Hub's can be
	// hours; a pipeline had rather know now.
	longestWait = 30 * time.Second
)

// patient asks again when a registry is too busy (429) or fails (5xx), after
// as long as its Retry-After says, if it says.
type patient struct {
	to   http.RoundTripper
	wait func(context.Context, time.Duration) error
}

// RoundTrip sends a request up to four times. The last answer is returned as
// it is; so is one that asks for more patience than there is.
func (p *patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for n, backoff := 1, firstWait; ; n, backoff = n+1, 2*backoff {
		answer, err := p.to.RoundTrip(r)
		if err != nil || n == attempts || !again(r, answer.StatusCode) {
			return answer, err
		}
		pause, asked := retryAfter(answer.Header.Get("Retry-After"), time.Now())
		switch {
		case !asked:
			pause = backoff + rand.N(backoff/4) // so that many agents do not come back at once
		case pause > longestWait:
			return answer, nil
		}
		// The connection is used again if the answer is read to its end.
		_, _ = io.CopyN(io.Discard, answer.Body, 4<<10)
		if err := errors.Join(answer.Body.Close(), p.wait(r.Context(), pause)); err != nil {
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

// retryAfter reads a Retry-After header, RFC 9110 section 10.2.3: seconds or a
// date. asked is false where there is none that can be read.
func retryAfter(header string, now time.Time) (pause time.Duration, asked bool) {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// passing says whether an error of the network, or of an upload as a whole,
// may be gone when the same is tried at once. Silence is not tried again: that
// has taken long enough.
func passing(err error) bool {
	var status *transport.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &status):
		return status.Temporary()
	case errors.As(err, &network) && network.Timeout():
		return false
	}
	return HungUp(err)
}

// HungUp says whether a stream broke off: the same may work when it is asked
// for again.
func HungUp(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
