// Package network is what all that talks to servers shares: the proxy that the
// environment names, the authorities that are trusted, which hosts are this
// machine, and patience with a server that is busy.
package network

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"

	"golang.org/x/net/http/httpproxy"
)

// Proxy chooses the proxy of a request by $HTTPS_PROXY, $HTTP_PROXY and
// $NO_PROXY, in capitals or not, as http.ProxyFromEnvironment does. env looks
// up a variable; nil: no proxy.
func Proxy(env func(string) string) func(*http.Request) (*url.URL, error) {
	if env == nil {
		return nil
	}
	choose := (&httpproxy.Config{
		HTTPProxy:  cmp.Or(env("HTTP_PROXY"), env("http_proxy")),
		HTTPSProxy: cmp.Or(env("HTTPS_PROXY"), env("https_proxy")),
		NoProxy:    cmp.Or(env("NO_PROXY"), env("no_proxy")),
	}).ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return choose(r.URL) }
}

// Authorities are the system's and those of a PEM file, which a --ca-cert
// named.
func Authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading --ca-cert: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("reading --ca-cert: there is no PEM certificate in %s", file)
	}
	return pool, nil
}

// IsLoopback says whether a host, with or without a port, is this machine.
func IsLoopback(host string) bool {
	if bare, _, err := net.SplitHostPort(host); err == nil {
		host = bare
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
