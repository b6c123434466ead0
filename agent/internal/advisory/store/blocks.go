package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

// blockWriter writes compressed blocks one after the other.
type blockWriter struct {
	w      io.Writer
	sum    hash.Hash
	zstd   *zstd.Encoder
	offset int64
}

func newBlockWriter(w io.Writer) (*blockWriter, error) {
	// One goroutine: the same input must give the same bytes.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, err
	}
	out := &blockWriter{w: w, sum: sha256.New(), zstd: z}
	return out, out.write(head())
}

func (o *blockWriter) write(b []byte) error {
	n, err := o.w.Write(b)
	o.sum.Write(b[:n]) // never fails
	o.offset += int64(n)
	return err
}

func (o *blockWriter) block(raw []byte) (block, error) {
	if len(raw) > maxBlock {
		return block{}, fmt.Errorf("a block of %d bytes is above the format's limit", len(raw))
	}
	packed := o.zstd.EncodeAll(raw, nil)
	b := block{offset: o.offset, size: int64(len(packed)), raw: len(raw)}
	return b, o.write(packed)
}

// finish writes directory and foot.
func (o *blockWriter) finish(dir *directory) (Info, error) {
	raw, err := dir.encode()
	if err != nil {
		return Info{}, err
	}
	if len(raw) > maxDirectory {
		return Info{}, fmt.Errorf("a directory of %d bytes is above the format's limit", len(raw))
	}
	f := foot{offset: o.offset}
	if err := o.write(o.zstd.EncodeAll(raw, nil)); err != nil {
		return Info{}, err
	}
	f.size = o.offset - f.offset
	o.sum.Sum(f.sum[:0])
	if err := o.write(f.bytes()); err != nil {
		return Info{}, err
	}
	info := dir.info
	info.Digest = "sha256:" + hex.EncodeToString(f.sum[:])
	info.Size = o.offset
	return info, nil
}
