package registry

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/layergate/layergate/agent/internal/network"
)

// trusting speaks to one registry and to the hosts that it sends us
// to, for tokens and blobs. What Options trusts for the registry's host is not
// trusted for those.
type trusting struct {
	host    string
	plain   bool // whether HTTP without TLS will do
	toHost  http.RoundTripper
	toOther http.RoundTripper
}

func newTransport(reg name.Registry, o Options) (*trusting, error) {
	host := reg.RegistryStr()
	insecure := isInsecure(host, o)
	trusted := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}
	if file := caCert(host, o); file != "" {
		pool, err := network.Authorities(file)
		if err != nil {
			return nil, err
		}
		trusted.RootCAs = pool
	}
	proxy := network.Proxy(o.Env)
	return &trusting{
		host:    host,
		plain:   insecure || network.IsLoopback(host),
		toHost:  httpTransport(trusted, proxy, o.Stall),
		toOther: httpTransport(nil, proxy, o.Stall),
	}, nil
}

func httpTransport(c *tls.Config, proxy func(*http.Request) (*url.URL, error), stall time.Duration) *http.Transport {
	return &http.Transport{
		Proxy:                 proxy,
		DialContext:           dial(stall),
		TLSClientConfig:       c,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: stall,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   8,
		ForceAttemptHTTP2:     true,
	}
}

func dial(stall time.Duration) func(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return takingConn{c, stall}, nil
	}
}

// takingConn ends an upload of which the other side takes nothing more.
type takingConn struct {
	net.Conn
	stall time.Duration
}

func (c takingConn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.stall)); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

// RoundTrip refuses plain HTTP where it was not allowed: go-containerregistry
// would fall back to it for private addresses, credentials and all.
func (t *trusting) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" && !t.plain {
		return nil, fmt.Errorf("plain HTTP to %s was not tried: allow it with --insecure %s", r.URL.Host, t.host)
	}
	if r.URL.Host == t.host {
		return t.toHost.RoundTrip(r)
	}
	return t.toOther.RoundTrip(r)
}

// sameHost says whether a host of Options, with or without a port, is host.
func sameHost(option, host string) bool {
	reg, err := name.NewRegistry(option)
	if err == nil && reg.RegistryStr() == host {
		return true
	}
	bare, _, err := net.SplitHostPort(host)
	return err == nil && option == bare
}

func isInsecure(host string, o Options) bool {
	for _, h := range o.Insecure {
		if h != "" && sameHost(h, host) {
			return true
		}
	}
	return false
}

func caCert(host string, o Options) string {
	for h, file := range o.CACert {
		if h != "" && sameHost(h, host) {
			return file
		}
	}
	return o.CACert[""]
}
