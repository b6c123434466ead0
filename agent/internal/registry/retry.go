package registry

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// passing says whether an error of the network, or of an upload as a whole,
// may be gone when the same is tried at once. Silence is not tried again: that
// has taken long enough.
func passing(err error) bool {
	var status *transport.Error
	var network net.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	case errors.As(err, &status):
		return status.Temporary()
	case errors.As(err, &network) && network.Timeout():
		return false
	}
	return HungUp(err)
}

// HungUp says whether a stream broke off: the same may work when it is asked
// for again.
func HungUp(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
