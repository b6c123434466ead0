package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxSpool bounds what is written to disk, against archives that decompress
// to no end. No image is near it.
const maxSpool = 64 << 30

// spool copies r into a temporary file that has no name any more: it is gone
// when it is closed, and when the process dies.
func spool(ctx context.Context, r io.Reader, dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "layergate-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("unlinking a temporary file: %w", err), f.Close())
	}
	n, err := io.Copy(f, io.LimitReader(untilDone{ctx, r}, maxSpool+1))
	if err == nil && n > maxSpool {
		err = fmt.Errorf("it is larger than %d GiB", maxSpool>>30)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// The first bytes of what an archive may be compressed with.
var (
	gzipMagic  = []byte{0x1f, 0x8b}
	zstdMagic  = []byte{0x28, 0xb5, 0x2f, 0xfd}
	otherMagic = map[string][]byte{"xz": {0xfd, '7', 'z', 'X', 'Z'}, "bzip2": {'B', 'Z', 'h'}, "lz4": {0x04, 0x22, 0x4d, 0x18}}
)

// decompressor wraps r, whose first bytes are head; nil if they are of no
// compression that is known.
func decompressor(head []byte, r io.Reader) (io.ReadCloser, error) {
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		return gzip.NewReader(r)
	case bytes.HasPrefix(head, zstdMagic):
		// The window bounds what a hostile frame makes us keep.
		z, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	for name, magic := range otherMagic {
		if bytes.HasPrefix(head, magic) {
			return nil, fmt.Errorf("the archive is compressed with %s, which is not supported: decompress it first", name)
		}
	}
	return nil, nil
}
