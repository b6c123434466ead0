package fetch

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/layergate/layergate/agent/internal/network"
)

// newTransport is the way to the servers: over the proxy that the environment
// names, trusting the system's authorities and those of --ca-cert.
func newTransport(o Options) (*http.Transport, error) {
	trusted := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CACert != "" {
		pool, err := network.Authorities(o.CACert)
		if err != nil {
			return nil, err
		}
		trusted.RootCAs = pool
	}
	return &http.Transport{
		Proxy:               network.Proxy(o.Env),
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     trusted,
		TLSHandshakeTimeout: 30 * time.Second,
		IdleConnTimeout:     90 * time.Second,
		MaxIdleConnsPerHost: parallel,
		ForceAttemptHTTP2:   true,
	}, nil
}

// maxRedirects is how often a server may send us on.
const maxRedirects = 10

// redirectError is a redirect that is not followed.
type redirectError struct{ why string }

func (e redirectError) Error() string { return e.why }

func checkRedirect(next *http.Request, before []*http.Request) error {
	switch {
	case len(before) > maxRedirects:
		return redirectError{fmt.Sprintf("the server redirects more than %d times", maxRedirects)}
	case next.URL.Scheme != "http" && next.URL.Scheme != "https":
		return redirectError{fmt.Sprintf("the server redirects to %s, which is not followed", next.URL.Redacted())}
	case next.URL.Scheme == "http" && before[len(before)-1].URL.Scheme == "https":
		return redirectError{fmt.Sprintf("the server redirects from https to plain http (%s), which is not followed", next.URL.Redacted())}
	}
	return nil
}

// bearer adds a token to what goes to one host, and to that host only: not to
// where it redirects to, and not without TLS unless it never leaves this machine.
type bearer struct {
	next  http.RoundTripper
	host  *url.URL
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Del("Authorization")
	if r.URL.Scheme == b.host.Scheme && r.URL.Host == b.host.Host {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(r)
}

// mirrorAddress parses the base address of a mirror.
func mirrorAddress(address string, withToken bool) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("the mirror's address cannot be parsed: it is https://HOST/PATH") // err would show what is in it
	case u.User != nil:
		return nil, errors.New("the mirror's address has a user or a password in it, which others see in the list of processes: set $LAYERGATE_MIRROR_TOKEN instead")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the mirror's address is %q, want https://HOST/PATH", address)
	case withToken && u.Scheme == "http" && !network.IsLoopback(u.Hostname()):
		return nil, fmt.Errorf("$LAYERGATE_MIRROR_TOKEN is not sent over plain http to %s: use https, or unset it", u.Host)
	}
	return u, nil
}
