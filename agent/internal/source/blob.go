package source

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// fileBlob is a layer in files: an image.Blob.
type fileBlob struct {
	from   files
	name   string
	digest v1.Hash // of the stored bytes; the zero Hash where nobody says
}

// Open gives an uncompressed tar as a reader that can seek (its digest is the
// diff ID, which costs a full read and is for the caller to decide). Anything
// else has to be read whole anyway and is verified as it streams.
func (b fileBlob) Open(ctx context.Context) (io.ReadCloser, error) {
	r, c, err := b.from.open(b.name)
	if err != nil {
		return nil, fmt.Errorf("opening layer %s: %w", b.name, withoutPath(err))
	}
	plain, err := isTar(r)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading layer %s: %w", b.name, withoutPath(err)), c.Close())
	}
	if plain {
		return seekable{r, c}, nil
	}
	if b.digest == (v1.Hash{}) {
		return stream{untilDone{ctx, r}, c}, nil
	}
	v, err := newVerified(untilDone{ctx, r}, b.digest, r.Size())
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return stream{v, c}, nil
}

// seekable is an io.ReadCloser, io.ReaderAt and io.Seeker with a Size.
type seekable struct {
	*io.SectionReader
	io.Closer
}

type stream struct {
	io.Reader
	io.Closer
}

// isTar says whether r begins with a tar header, or with the zeros of a tar
// that has no entries. It leaves r where it was.
func isTar(r io.ReaderAt) (bool, error) {
	var block [1024]byte
	n, err := r.ReadAt(block[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if n < 512 {
		return false, nil
	}
	// archive/tar checks the header's checksum. An extended header makes it
	// ask for more than these blocks have, which only a real one does.
	_, err = tar.NewReader(bytes.NewReader(block[:n])).Next()
	return err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF), nil
}

// untilDone ends a stream when its context does.
type untilDone struct {
	ctx context.Context
	r   io.Reader
}

func (u untilDone) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// verified checks a stream's size and digest. It does so with the last byte
// and not only at the end of the file, so that a reader which knows where to
// stop (gzip) is told too.
type verified struct {
	r    io.Reader
	hash hash.Hash
	want v1.Hash
	left int64
	err  error
}

func newVerified(r io.Reader, want v1.Hash, size int64) (*verified, error) {
	h, err := v1.Hasher(want.Algorithm)
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", want, err)
	}
	return &verified{r: r, hash: h, want: want, left: size}, nil
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.r.Read(p)
	_, _ = v.hash.Write(p[:n]) // a hash never fails
	v.left -= int64(n)
	v.err = err
	switch {
	case v.left < 0:
		v.err = fmt.Errorf("layer %s is longer than its manifest says", v.want)
	case v.left == 0 && (n > 0 || errors.Is(err, io.EOF)):
		if got := hex.EncodeToString(v.hash.Sum(nil)); got != v.want.Hex {
			v.err = fmt.Errorf("layer %s does not match its digest: its bytes have %s:%s", v.want, v.want.Algorithm, got)
		}
	case v.left > 0 && errors.Is(err, io.EOF):
		v.err = fmt.Errorf("layer %s is cut short: %d bytes are missing", v.want, v.left)
	}
	return n, v.err
}
