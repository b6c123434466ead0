package layer

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds what a zstd frame can make us allocate. RFC 8878 recommends
// that decoders support 8 MiB; zstd --ultra -22 writes 128 MiB.
const maxWindow = 128 << 20

var magics = []struct {
	prefix []byte
	name   string
}{
	{[]byte("\x1f\x8b"), "gzip"},
	{[]byte("\x28\xb5\x2f\xfd"), "zstd"},
	{[]byte("\xfd7zXZ\x00"), "xz"},
	{[]byte("BZh"), "bzip2"},
	{[]byte("\x04\x22\x4d\x18"), "lz4"},
}

// Compression names the compression of data that begins with head: "gzip",
// "zstd", "xz", "bzip2", "lz4", or "" when it shows none.
func Compression(head []byte) string {
	for _, m := range magics {
		if bytes.HasPrefix(head, m.prefix) {
			return m.name
		}
	}
	// A skippable frame may come before zstd's first (zstd:chunked, eStargz).
	if len(head) >= 4 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18")) {
		return "zstd"
	}
	return ""
}

// decompress gives the tar in stored, whatever it was compressed with. The
// media type is not asked: registries are known to hold layers whose type and
// bytes disagree, and runtimes go by the bytes too.
func decompress(stored io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReaderSize(stored, 128<<10)
	head, err := buffered.Peek(8)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch name := Compression(head); name {
	case "":
		return io.NopCloser(buffered), nil
	case "gzip":
		return gzip.NewReader(buffered)
	case "zstd":
		d, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	default:
		return nil, fmt.Errorf("%s compression is not one that images use (gzip, zstd or none)", name)
	}
}
