package fetch

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// internet is all servers of the world: a proxy that ends the TLS of whatever
// host is asked for, with certificates of an authority of its own.
type internet struct {
	t     *testing.T
	proxy *httptest.Server
	ca    string // the authority's PEM file

	mu       sync.Mutex
	pages    map[string]http.HandlerFunc // by host and path
	requests []string                    // "OK: host/path", "plain OK: …" without TLS; in the order in which they were answered
}

func newInternet(t *testing.T) *internet {
	t.Helper()
	in := &internet{t: t, pages: map[string]http.HandlerFunc{}}
	authority := newAuthority(t)
	in.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(in.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.cert.Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	conns := make(connections)
	tunnelled := &http.Server{Handler: in}
	go tunnelled.Serve(conns) // ends with Close
	in.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			in.ServeHTTP(w, r)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		conns <- tls.Server(conn, &tls.Config{GetCertificate: authority.certificate, NextProtos: []string{"http/1.1"}})
	}))
	t.Cleanup(func() {
		in.proxy.Close()
		tunnelled.Close()
	})
	return in
}

// connections is a listener that is given its connections.
type connections chan net.Conn

func (c connections) Accept() (net.Conn, error) {
	conn, ok := <-c
	if !ok {
		return nil, net.ErrClosed
	}
	return conn, nil
}
func (c connections) Close() error   { close(c); return nil }
func (c connections) Addr() net.Addr { return &net.TCPAddr{} }

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return authority{cert, key}
}

func (a authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{hello.ServerName},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &a.key.PublicKey, a.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}, err
}

// status remembers what was answered.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int)        { s.code = code; s.ResponseWriter.WriteHeader(code) }
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

func (in *internet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at, way := r.Host+r.URL.Path, ""
	if r.TLS == nil {
		way = "plain "
	}
	in.mu.Lock()
	page := in.pages[at]
	in.mu.Unlock()
	s := &status{w, http.StatusOK}
	defer func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.requests = append(in.requests, way+http.StatusText(s.code)+": "+at)
	}()
	if page == nil {
		http.NotFound(s, r)
		return
	}
	page(s, r)
}

// answered gives and forgets what was answered.
func (in *internet) answered() []string {
	in.mu.Lock()
	defer in.mu.Unlock()
	r := in.requests
	in.requests = nil
	return r
}

func (in *internet) set(at string, page http.HandlerFunc) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.pages[at] = page
}

// published is a page that answers conditional requests and ranges, as real
// servers do.
func published(content string, changed time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"`+sumOf(content)[:16]+`"`)
		http.ServeContent(w, r, "", changed, strings.NewReader(content))
	}
}

func sumOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// lists publishes testdata/lists.txtar.
func (in *internet) lists(sum, sum2 string) {
	archive, err := txtar.ParseFile("testdata/lists.txtar")
	if err != nil {
		in.t.Fatal(err)
	}
	for _, f := range archive.Files {
		in.set(f.Name, published(strings.NewReplacer("SUM2", sum2, "SUM", sum).Replace(string(f.Data)), published1))
	}
}

// Days on which things are published.
var (
	published1 = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	published2 = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)
	today      = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
)
