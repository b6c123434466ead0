package registry

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
)

// Plain HTTP is for loopback and for hosts that were named: a private address
// gets no credentials in the clear.
func TestPlainHTTPIsRefused(t *testing.T) {
	ref, err := name.NewRegistry("10.1.2.3:5000")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		insecure []string
		refused  bool
	}{{nil, true}, {[]string{"10.1.2.3"}, false}} {
		tr, err := newTransport(ref, Options{Insecure: tt.insecure})
		if err != nil {
			t.Fatal(err)
		}
		tr.toHost = roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.EOF })
		req := httptest.NewRequest(http.MethodGet, "http://10.1.2.3:5000/v2/", nil)
		_, err = tr.RoundTrip(req)
		if refused := !errors.Is(err, io.EOF); refused != tt.refused {
			t.Errorf("insecure %q gave %v", tt.insecure, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// An upload that nobody takes ends.
func TestUploadThatNobodyTakes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and never reads
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	body := io.LimitReader(zeros{}, 1<<30) // more than any socket buffers
	r, err := http.NewRequest(http.MethodPut, "http://"+l.Addr().String()+"/", body)
	if err != nil {
		t.Fatal(err)
	}
	_, err = httpTransport(nil, nil, 200*time.Millisecond).RoundTrip(r)
	if explained := explainNetwork("host", err); !Is(explained, Unreachable) {
		t.Errorf("got %v", explained)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
