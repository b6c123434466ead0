package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

// registries are those that scripts run. The command is
//
//	registry start    runs one until the script ends, and sets $REGISTRY to its host
//	registry stop     stops $REGISTRY
type registries struct{ running sync.Map } // from hosts to servers

func (r *registries) command(ts *testscript.TestScript, _ bool, args []string) {
	switch strings.Join(args, " ") {
	case "start":
		s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
		ts.Defer(s.Close)
		host := s.Listener.Addr().String()
		r.running.Store(host, s)
		ts.Setenv("REGISTRY", host)
	case "stop":
		s, ok := r.running.Load(ts.Getenv("REGISTRY"))
		if !ok {
			ts.Fatalf("there is no registry at %q", ts.Getenv("REGISTRY"))
		}
		s.(*httptest.Server).Close()
	default:
		ts.Fatalf("usage: registry start|stop")
	}
}

// keypair NAME writes NAME.pem and NAME.pub, an ed25519 key as openssl writes it.
func keypair(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: keypair name")
	}
	public, private, err := ed25519.GenerateKey(nil)
	ts.Check(err)
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	ts.Check(err)
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	ts.Check(err)
	for file, block := range map[string]*pem.Block{
		args[0] + ".pem": {Type: "PRIVATE KEY", Bytes: privateDER},
		args[0] + ".pub": {Type: "PUBLIC KEY", Bytes: publicDER},
	} {
		ts.Check(os.WriteFile(ts.MkAbs(file), pem.EncodeToMemory(block), 0o600))
	}
}
