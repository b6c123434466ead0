package feed

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"runtime"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// maxWindow bounds how far back a zstd stream may refer, and so the memory
// that reading it takes: the most that zstd itself writes unless told --long.
const maxWindow = 128 << 20

// redhatEntry is an archive's name of a document: <year>/cve-….json.
var redhatEntry = regexp.MustCompile(`(?:^|/)(\d{4}/cve-\d{4}-\d{4,}\.json)$`)

// parsing is a document of an archive on its way through a parser.
type parsing struct {
	name string
	size int64
	done chan struct{} // closed when the rest is set
	doc  *csafDocument
	err  error
}

// redhatDocuments reads an archive. Most of the time goes into JSON, so that
// documents are parsed side by side, maxDocument bytes of them at most, and
// handed on in the archive's order.
func redhatDocuments(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	a := redhatArchive{fsys: fsys, name: u.Path, room: semaphore.NewWeighted(maxDocument)}
	var err error
	if a.deleted, err = redhatDeletions(fsys, path.Join(path.Dir(u.Path), "deletions.csv"), u.Date); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	parsings := make(chan *parsing, runtime.GOMAXPROCS(0))
	g.Go(func() error {
		defer close(parsings)
		return a.read(ctx, parsings)
	})
	g.Go(func() error {
		for p := range parsings {
			<-p.done
			if err := redhatArchived(p, u.Source, out); err != nil {
				return err
			}
			a.room.Release(p.size)
		}
		return nil
	})
	return g.Wait()
}

// redhatArchived hands on one document. One that cannot be used must not cost
// the others.
func redhatArchived(p *parsing, source string, out Sink) error {
	var syntax *json.SyntaxError
	switch {
	case p.err == nil:
		return redhatRecords(p.doc, source, out)
	case errors.Is(p.err, errWithdrawn):
		out.Skip("withdrawn", p.name)
	case errors.Is(p.err, errNotCSAF):
		out.Skip("bad record: not a CSAF document", p.name)
	case errors.As(p.err, &syntax):
		out.Skip("bad record: not JSON", p.name)
	default:
		out.Skip("bad record: against the schema", p.name+": "+schemaFault(p.err))
	}
	return nil
}

// errWithdrawn stands for a document that is gone since the archive was made.
var errWithdrawn = errors.New("withdrawn")

// redhatArchive is an archive that is being read.
type redhatArchive struct {
	fsys    fs.FS
	name    string
	deleted map[string]time.Time
	room    *semaphore.Weighted // in bytes
}

// read sends the documents of the archive. One that the folder beside it has
// on its own is newer, and is left to its own unit.
func (a *redhatArchive) read(ctx context.Context, to chan<- *parsing) error {
	f, err := a.fsys.Open(a.name)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return broken(a.name, err)
	}
	defer z.Close()
	end := trailer{r: z}
	archive := tar.NewReader(&end)
	for count := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := archive.Next()
		switch {
		case err == io.EOF && count == 0:
			err = errors.New("no documents in it")
		case err == io.EOF:
			if err = end.check(); err == nil {
				return nil
			}
		}
		if err != nil {
			return broken(a.name, err)
		}
		name := redhatEntry.FindStringSubmatch(h.Name)
		if h.Typeflag != tar.TypeReg || name == nil {
			continue
		}
		if count++; count > maxUnits {
			return broken(a.name, fmt.Errorf("more than %d documents", maxUnits))
		}
		if _, err := fs.Stat(a.fsys, path.Join(path.Dir(a.name), name[1])); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		p, err := a.document(ctx, archive, h, name[1])
		if err != nil {
			return err
		}
		select {
		case to <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// document reads a document and starts to parse it.
func (a *redhatArchive) document(ctx context.Context, r io.Reader, h *tar.Header, name string) (*parsing, error) {
	p := &parsing{name: path.Base(name), size: h.Size, done: make(chan struct{})}
	if h.Size > maxDocument {
		return nil, broken(a.name, fmt.Errorf("%s: %w", name, errTooLarge))
	}
	if err := a.room.Acquire(ctx, p.size); err != nil {
		return nil, err
	}
	data := make([]byte, h.Size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, broken(a.name, err)
	}
	if a.deleted[name].After(h.ModTime) {
		p.err = errWithdrawn
		close(p.done)
		return p, nil
	}
	go func() {
		defer close(p.done)
		p.doc, p.err = parseCSAF(data)
	}()
	return p, nil
}
