package network

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProxy(t *testing.T) {
	env := map[string]string{"https_proxy": "http://lower:1", "HTTP_PROXY": "http://upper:2", "http_proxy": "http://lower:2", "no_proxy": ".internal"}
	proxy := Proxy(func(name string) string { return env[name] })
	for address, want := range map[string]string{
		"https://example.com/": "http://lower:1", "http://example.com/": "http://upper:2", "https://x.internal/": "", "http://localhost/": "",
	} {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		u, err := proxy(r)
		got := ""
		if u != nil {
			got = u.String()
		}
		if err != nil || got != want {
			t.Errorf("%s by %q, want %q (%v)", address, got, want, err)
		}
	}
	if Proxy(nil) != nil {
		t.Error("a proxy without an environment")
	}
}

func TestAuthorities(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := Authorities(file); err == nil || !strings.Contains(err.Error(), "reading --ca-cert") {
		t.Errorf("no such file: %v", err)
	}
	if err := os.WriteFile(file, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Authorities(file); err == nil || !strings.Contains(err.Error(), "no PEM certificate") {
		t.Errorf("no certificate: %v", err)
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "localhost:5000": true, "127.0.0.1": true, "127.8.9.1:80": true, "[::1]:80": true, "::1": true,
		"10.0.0.1": false, "example.com": false, "localhost.example.com": false, "": false,
	} {
		if IsLoopback(host) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}
