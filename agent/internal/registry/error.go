package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Kind is what an Error says of the registry.
type Kind int

const (
	Unreachable Kind = iota + 1 // it does not answer, or answers that it can't now: 429, 5xx
	Refused                     // it is not trusted, or does not trust us
	Missing                     // it does not have what was asked for
)

// Error is a refusal or failure of a registry, with what to do about it.
type Error struct {
	Kind Kind
	err  error
}

func (e *Error) Error() string { return e.err.Error() }
func (e *Error) Unwrap() error { return e.err }

// Is says whether err is an Error of a kind.
func Is(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

func failure(kind Kind, format string, args ...any) error {
	return &Error{kind, fmt.Errorf(format, args...)}
}

// Explain makes an Error of what a request for ref ended in, on one line.
// Whatever shows that the registry has the thing, but not as it should be, is
// returned as it is; so is nil.
func (r *Repository) Explain(ctx context.Context, ref name.Reference, err error) error {
	return r.explain(ctx, "pull", ref, err)
}

func (r *Repository) explain(ctx context.Context, verb string, ref name.Reference, err error) error {
	host := r.name.RegistryStr()
	var done *Error
	var status *transport.Error
	var cert *tls.CertificateVerificationError
	var wrongName x509.HostnameError
	var unknownCA x509.UnknownAuthorityError
	switch {
	case err == nil, errors.As(err, &done):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &wrongName):
		return failure(Refused, "%s shows a certificate for another name (%w): use the name that it is for, or --insecure %s", host, wrongName, host)
	case errors.As(err, &unknownCA):
		return failure(Refused, "%s shows a certificate that is not trusted (%w): name its authority with --ca-cert, or use --insecure %s", host, unknownCA, host)
	case errors.As(err, &cert):
		return failure(Refused, "%s shows a certificate that is not valid (%w): renew it, or use --insecure %s", host, cert.Err, host)
	case errors.As(err, &status): // after those: it may be the answer to a fallback
		return r.explainStatus(status, verb, ref)
	case errors.Is(err, http.ErrSchemeMismatch), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return failure(Refused, "%s speaks plain HTTP: allow that with --insecure %s", host, host)
	}
	return explainNetwork(host, err)
}

func explainNetwork(host string, err error) error {
	var network *net.OpError
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return failure(Unreachable, "the registry %s cannot be found (%w): check the name and the network", host, dns)
	case errors.As(err, &network):
		return failure(Unreachable, "the registry %s cannot be reached (%w): check the address, the network and the proxy", host, network)
	case isStalled(err), errors.As(err, &timeout) && timeout.Timeout():
		return failure(Unreachable, "the registry %s went silent (%w)", host, err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return failure(Unreachable, "the registry %s hung up half-way (%w)", host, err)
	}
	return err
}

func (r *Repository) explainStatus(e *transport.Error, verb string, ref name.Reference) error {
	host := r.name.RegistryStr()
	switch e.StatusCode {
	case http.StatusUnauthorized:
		return failure(Refused, "%s wants to know who asks for %s, or has no such %s: docker login %s, and check the name", host, ref, r.o.Noun, host)
	case http.StatusForbidden:
		return failure(Refused, "%s does not let this user %s %s: docker login %s as one who may", host, verb, ref, host)
	case http.StatusNotFound:
		return failure(Missing, "%s has no %s %s: check its name and tag", host, r.o.Noun, ref)
	case http.StatusTooManyRequests:
		return failure(Unreachable, "%s limits the pulls and has had too many: docker login %s for a higher limit, or wait", host, host)
	}
	kind := Refused
	if e.StatusCode >= http.StatusInternalServerError || e.StatusCode == http.StatusRequestTimeout {
		kind = Unreachable
	}
	if len(e.Errors) > 0 {
		return failure(kind, "%s answered %d: %s", host, e.StatusCode, strings.Join(strings.Fields(e.Errors[0].String()), " "))
	}
	return failure(kind, "%s answered %d %s", host, e.StatusCode, http.StatusText(e.StatusCode))
}
