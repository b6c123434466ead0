package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// stall is how long a registry may send nothing in the middle of a blob.
const stall = time.Minute

var errStalled = fmt.Errorf("nothing came for %s", stall)

// registryBlob is a blob of a repository: an image.Blob. go-containerregistry
// checks its digest when its stream ends.
type registryBlob struct {
	from *repository
	d    v1.Descriptor
}

func (b registryBlob) Open(ctx context.Context) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &pull{blob: b, ctx: ctx, cancel: cancel, left: b.d.Size}
	l, err := b.from.puller.Layer(ctx, b.from.name.Digest(b.d.Digest.String()))
	if err == nil {
		p.rc, err = l.Compressed()
	}
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("pulling %s: %w", b.d.Digest, err)
	}
	p.timer = time.AfterFunc(stall, func() { cancel(errStalled) })
	p.timer.Stop()
	return p, nil
}

// pull is a blob on its way.
type pull struct {
	blob   registryBlob
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
	p.timer.Reset(stall) // the time that the reader takes does not count
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
	d := p.blob.d.Digest
	switch {
	case p.left < 0:
		return fmt.Errorf("pulling %s: it is longer than the manifest says", d)
	case err == nil:
		return nil
	case errors.Is(err, io.EOF) && p.left > 0:
		return fmt.Errorf("pulling %s: it is cut short, %d bytes are missing", d, p.left)
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.Is(context.Cause(p.ctx), errStalled):
		err = errStalled
	}
	return fmt.Errorf("pulling %s from %s: %w", d, p.blob.from.name.RegistryStr(), err)
}

func (p *pull) Close() error {
	p.timer.Stop()
	p.cancel(nil)
	return p.rc.Close()
}
