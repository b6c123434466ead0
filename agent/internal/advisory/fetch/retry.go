package fetch

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/layergate/layergate/agent/internal/network"
)

// final marks an error that another attempt would meet again.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

var errTooLarge = errors.New("it is larger than any that is published")

// stallError is an attempt in which nothing came for so long.
type stallError time.Duration

func (e stallError) Error() string {
	return fmt.Sprintf("no byte came for %s", time.Duration(e))
}

// statusError is an answer that has not what was asked for.
type statusError struct {
	code  int
	after time.Duration // how long the server asks to be left alone; 0 if it does not say
}

func (e statusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answered %d %s", e.code, http.StatusText(e.code)))
}

func isNotFound(err error) bool {
	var status statusError
	return errors.As(err, &status) && (status.code == http.StatusNotFound || status.code == http.StatusGone)
}

// statusOf is nil for answers that can be used.
func statusOf(answer *http.Response, now time.Time) error {
	switch answer.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusNotModified:
		return nil
	case http.StatusRequestedRangeNotSatisfiable:
		if answer.Request.Header.Get("Range") != "" {
			return nil
		}
	}
	after, _ := network.RetryAfter(answer.Header.Get("Retry-After"), now)
	return statusError{answer.StatusCode, after}
}

// isTransient says whether another attempt may succeed.
func isTransient(err error) bool {
	var end final
	var status statusError
	var redirect redirectError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &end), errors.As(err, &redirect), errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return false
	case errors.As(err, &status):
		return status.code == http.StatusRequestTimeout || status.code == http.StatusTooManyRequests ||
			status.code >= 500 && status.code != http.StatusNotImplemented
	}
	return true
}

// How long to pause between attempts.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
	maxAsked   = 2 * time.Minute // the longest that a server's wish is waited for
)

// pause is how long to wait before an attempt (the second is 1): what the
// server asks for, else twice as long each time; a part of it is chance, so
// that agents that failed together do not come back together. A server that
// asks for more than is reasonable leaves no hope.
func (c *client) pause(attempt int, err error) (time.Duration, error) {
	var status statusError
	if errors.As(err, &status) && status.after > 0 {
		if status.after > maxAsked {
			return 0, fmt.Errorf("%w and asks to be left alone until %s: try again then, or use a --mirror",
				err, c.now().Add(status.after).UTC().Format("2006-01-02 15:04 MST"))
		}
		return status.after, nil
	}
	pause := min(firstPause<<(attempt-1), maxPause)
	return pause/2 + rand.N(pause/2+1), nil
}

// explain adds what can be done to what went wrong.
func explain(err error) error {
	var status statusError
	var authority x509.UnknownAuthorityError
	var dns *net.DNSError
	var operation *net.OpError
	var stall stallError
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("%w: free some space, or choose another folder with --cache", err)
	case errors.As(err, &authority):
		return fmt.Errorf("%w: if a proxy or a mirror has an authority of its own, name it with --ca-cert", err)
	case errors.As(err, &dns), errors.As(err, &operation), errors.As(err, &stall):
		return fmt.Errorf("%w: check the network and the proxy ($HTTPS_PROXY); without a way out use --mirror or --from", err)
	case errors.As(err, &status):
		return explainStatus(status)
	}
	return err
}

func explainStatus(e statusError) error {
	switch {
	case e.code == http.StatusNotFound || e.code == http.StatusGone:
		return fmt.Errorf("%w: it may have moved; see whether there is a newer layergate", e)
	case e.code == http.StatusUnauthorized || e.code == http.StatusForbidden || e.code == http.StatusProxyAuthRequired:
		return fmt.Errorf("%w: a proxy may not let it through; a mirror may want $LAYERGATE_MIRROR_TOKEN", e)
	case e.code == http.StatusTooManyRequests:
		return fmt.Errorf("%w, each time: try again later, or use a --mirror", e)
	case e.code >= 500:
		return fmt.Errorf("%w, each time: try again later", e)
	}
	return e
}
