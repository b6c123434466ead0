package layer

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/image"
)

// content gives the bytes of the entry that the archive stands at. head may be
// called once, before all; what all returns is valid until release is called.
type content interface {
	head(h *tar.Header) ([]byte, error)
	all(h *tar.Header) (section *io.SectionReader, release func(), err error)
}

// entries gives one header after the other, and io.EOF at the end.
type entries interface {
	Next() (*tar.Header, error)
}

// archive is a layer's tar, opened.
type archive struct {
	entries
	content
	finish func(context.Context) error // after the last entry: padding, digests
	close  func() error
}

// Close releases what the archive holds open.
func (a *archive) Close() error { return a.close() }

// seekable is stored bytes that can be read anywhere.
type seekable interface {
	io.ReaderAt
	Size() int64
}

func open(ctx context.Context, w *walker, verify bool) (*archive, error) {
	stored, err := w.layer.Blob.Open(ctx)
	if err != nil {
		return nil, err
	}
	if s, ok := stored.(seekable); ok {
		head := make([]byte, 8)
		n, err := s.ReadAt(head, 0)
		if err != nil && err != io.EOF {
			stored.Close()
			return nil, err
		}
		if Compression(head[:n]) == "" {
			return openSeekable(w, stored, s, verify), nil
		}
	}
	a, err := openStream(ctx, w, stored, verify)
	if err != nil {
		stored.Close()
	}
	return a, err
}

func openSeekable(w *walker, stored io.Closer, s seekable, verify bool) *archive {
	scanner := &scanner{window: &window{r: s, size: s.Size()}}
	var hashed chan error
	if verify {
		hashed = make(chan error, 1)
		go func() { hashed <- sameDiffID(w.layer, io.NewSectionReader(s, 0, s.Size())) }()
	}
	return &archive{
		entries: scanner,
		content: &inPlace{walker: w, scanner: scanner},
		finish: func(context.Context) error {
			if hashed != nil {
				err := <-hashed
				hashed = nil
				return err
			}
			if scanner.missing {
				// Without the end mark only the digest can tell a whole
				// archive from one that was cut between two entries.
				return cutShort(sameDiffID(w.layer, io.NewSectionReader(s, 0, s.Size())))
			}
			return nil
		},
		close: func() error {
			if hashed != nil {
				<-hashed // it reads from what is about to be closed
			}
			return stored.Close()
		},
	}
}

func openStream(ctx context.Context, w *walker, stored io.ReadCloser, verify bool) (*archive, error) {
	plain, err := decompress(&cancelable{ctx, stored})
	if err != nil {
		return nil, fmt.Errorf("decompressing it: %w", err)
	}
	ahead := readAhead(plain)
	var in io.Reader = ahead
	var sum hash.Hash
	// A stream without a digest of its own (kaniko's archives) has nothing
	// but the diff ID to vouch for it.
	if verify || w.layer.Digest == "" && w.layer.DiffID != "" {
		sum = sha256.New()
		in = io.TeeReader(in, sum)
	}
	marks := &marks{r: in}
	tr := tar.NewReader(struct{ io.Reader }{marks})
	return &archive{
		entries: tr,
		content: &streamed{walker: w, tar: tr},
		finish: func(ctx context.Context) error {
			// The rest, and with it the stored bytes' own digest.
			if _, err := io.Copy(io.Discard, in); err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, stored); err != nil {
				return err
			}
			if sum != nil {
				return compare(w.layer.DiffID, sum)
			}
			if marks.missing {
				return cutShort(rehash(ctx, w.layer))
			}
			return nil
		},
		close: func() error {
			ahead.stop()
			return errors.Join(plain.Close(), stored.Close())
		},
	}, nil
}

// rehash reads the layer once more for its diff ID alone.
func rehash(ctx context.Context, l image.Layer) error {
	stored, err := l.Blob.Open(ctx)
	if err != nil {
		return err
	}
	defer stored.Close()
	plain, err := decompress(&cancelable{ctx, stored})
	if err != nil {
		return err
	}
	defer plain.Close()
	return sameDiffID(l, plain)
}

func cutShort(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("its tar has no end mark, and %w", err)
}

func sameDiffID(l image.Layer, plain io.Reader) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, plain); err != nil {
		return err
	}
	return compare(l.DiffID, sum)
}

// compare says whether what was hashed is what the image's config promises.
func compare(diffID string, sum hash.Hash) error {
	got := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	switch {
	case diffID == "":
		return errors.New("the image names no diff ID to verify it by")
	case !strings.HasPrefix(diffID, "sha256:"):
		return fmt.Errorf("its diff ID %s is not a sha256 digest and cannot be verified", diffID)
	case got != diffID:
		return fmt.Errorf("its bytes hash to %s, so it is not the layer that the image's config names; pull or save the image again", got)
	}
	return nil
}

// marks notes whether the archive ended without its end mark, two blocks of
// zeros: archive/tar reads no further than the mark, and reports the end of a
// file that lacks it in the same way.
type marks struct {
	r       io.Reader
	missing bool
}

func (m *marks) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if n == 0 && err == io.EOF {
		m.missing = true
	}
	return n, err
}

// cancelable ends a stream with its context.
type cancelable struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
