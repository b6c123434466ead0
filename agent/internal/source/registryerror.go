package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// explain says what a registry's refusal means and what to do about it.
// Whatever shows that the registry has the image, but not as it should be, is
// left as it is.
func (r *repository) explain(ctx context.Context, ref name.Reference, err error) error {
	host := r.name.RegistryStr()
	var status *transport.Error
	var cert *tls.CertificateVerificationError
	var wrongName x509.HostnameError
	var unknownCA x509.UnknownAuthorityError
	var network *net.OpError
	var dns *net.DNSError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &wrongName):
		return unusable("%s shows a certificate for another name (%w): use the name that it is for, or --insecure %s", host, wrongName, host)
	case errors.As(err, &unknownCA):
		return unusable("%s shows a certificate that is not trusted (%w): name its authority with --ca-cert, or use --insecure %s", host, unknownCA, host)
	case errors.As(err, &cert):
		return unusable("%s shows a certificate that is not valid (%w): renew it, or use --insecure %s", host, cert.Err, host)
	case errors.As(err, &status): // after those: it may be the answer to a fallback
		return explainStatus(status, host, ref)
	case errors.Is(err, http.ErrSchemeMismatch), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return unusable("%s speaks plain HTTP: allow that with --insecure %s", host, host)
	case errors.As(err, &dns):
		return unusable("the registry %s cannot be found (%w): check the name and the network", host, dns)
	case errors.As(err, &network):
		return unusable("the registry %s cannot be reached (%w): check the address, the network and the proxy", host, network)
	}
	return err
}

func explainStatus(e *transport.Error, host string, ref name.Reference) error {
	switch e.StatusCode {
	case http.StatusUnauthorized:
		return unusable("%s wants to know who asks for %s, or has no such image: docker login %s, and check the name", host, ref, host)
	case http.StatusForbidden:
		return unusable("%s does not let this user pull %s: docker login %s as one who may", host, ref, host)
	case http.StatusNotFound:
		return notHere("%s has no image %s: check its name and tag", host, ref)
	case http.StatusTooManyRequests:
		return unusable("%s limits the pulls and has had too many: docker login %s for a higher limit, or wait", host, host)
	}
	if len(e.Errors) > 0 {
		return unusable("%s answered %d: %s", host, e.StatusCode, strings.Join(strings.Fields(e.Errors[0].String()), " "))
	}
	return unusable("%s answered %d %s", host, e.StatusCode, http.StatusText(e.StatusCode))
}
