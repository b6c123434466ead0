package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Blob opens the stream of a blob. Its digest and its size are checked when it
// ends: whoever reads it to io.EOF has read what d says. Closing it early is
// fine; ctx ends it.
func (r *Repository) Blob(ctx context.Context, d v1.Descriptor) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &pull{host: r.name.RegistryStr(), digest: d.Digest, stall: r.o.Stall, ctx: ctx, cancel: cancel, left: d.Size}
	l, err := r.puller.Layer(ctx, r.name.Digest(d.Digest.String()))
	if err == nil {
		p.rc, err = l.Compressed()
	}
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("pulling %s: %w", d.Digest, err)
	}
	p.timer = time.AfterFunc(r.o.Stall, func() { cancel(errStalled{r.o.Stall}) })
	p.timer.Stop()
	return p, nil
}

// pull is a blob on its way.
type pull struct {
	host   string
	digest v1.Hash
	stall  time.Duration
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	rc     io.ReadCloser
	left   int64
	err    error
}

func (p *pull) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	p.timer.Reset(p.stall) // the time that the reader takes does not count
	defer p.timer.Stop()
	n, err := p.rc.Read(b)
	p.left -= int64(n)
	if p.left == 0 && err == nil {
		// The digest is only checked at the end of the stream, which one who
		// knows where the blob ends (gzip) may not read.
		var more [1]byte
		var m int
		m, err = io.ReadFull(p.rc, more[:])
		p.left -= int64(m)
	}
	p.err = p.explain(err)
	if n > 0 && errors.Is(p.err, io.EOF) {
		return n, nil
	}
	return n, p.err
}

func (p *pull) explain(err error) error {
	switch {
	case p.left < 0:
		return fmt.Errorf("pulling %s: it is longer than the manifest says", p.digest)
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && p.left > 0:
		return fmt.Errorf("pulling %s: it is cut short, %d bytes are missing", p.digest, p.left)
	case errors.Is(err, io.EOF):
		return io.EOF
	case isStalled(context.Cause(p.ctx)):
		err = context.Cause(p.ctx)
	}
	return fmt.Errorf("pulling %s from %s: %w", p.digest, p.host, err)
}

func (p *pull) Close() error {
	p.timer.Stop()
	p.cancel(nil)
	return p.rc.Close()
}
