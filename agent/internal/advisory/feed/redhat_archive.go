package feed

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"time"

	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds how far back a zstd stream may refer, and so the memory
// that reading it takes: the most that zstd itself writes unless told --long.
const maxWindow = 128 << 20

// redhatEntry is an archive's name of a document: <year>/cve-….json.
var redhatEntry = regexp.MustCompile(`(?:^|/)(\d{4}/cve-\d{4}-\d{4,}\.json)$`)

// redhatDocuments reads an archive, one document at a time. A document that
// the folder beside it has on its own is newer, and is left to its own unit;
// one that deletions.csv names is gone.
func redhatDocuments(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	deleted, err := redhatDeletions(fsys, path.Join(path.Dir(u.Path), "deletions.csv"), u.Date)
	if err != nil {
		return err
	}
	f, err := fsys.Open(u.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return broken(u.Path, err)
	}
	defer z.Close()
	end := trailer{r: z}
	archive := tar.NewReader(&end)
	var data bytes.Buffer // of the document at hand
	count := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return broken(u.Path, err)
		}
		name := redhatEntry.FindStringSubmatch(h.Name)
		if h.Typeflag != tar.TypeReg || name == nil {
			continue
		}
		if count++; count > maxUnits {
			return broken(u.Path, fmt.Errorf("more than %d documents", maxUnits))
		}
		if deleted[name[1]].After(h.ModTime) {
			out.Skip("withdrawn", path.Base(name[1]))
			continue
		}
		switch _, err := fs.Stat(fsys, path.Join(path.Dir(u.Path), name[1])); {
		case err == nil:
			continue
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		data.Reset()
		if _, err := data.ReadFrom(&limited{r: archive, left: maxDocument}); err != nil {
			return broken(u.Path, fmt.Errorf("%s: %w", name[1], err))
		}
		if err := redhatArchived(data.Bytes(), path.Base(name[1]), u.Source, out); err != nil {
			return err
		}
	}
	if err := end.check(); err != nil {
		return broken(u.Path, err)
	}
	if count == 0 {
		return broken(u.Path, errors.New("no documents in it"))
	}
	return nil
}

// redhatArchived reads one document of an archive. One that cannot be used
// must not cost the others.
func redhatArchived(data []byte, name, source string, out Sink) error {
	doc, err := parseCSAF(data)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		out.Skip("bad record: not JSON", name)
		return nil
	case errors.Is(err, errNotCSAF):
		out.Skip("bad record: not a CSAF document", name)
		return nil
	case err != nil:
		out.Skip("bad record: against the schema", name+": "+schemaFault(err))
		return nil
	}
	return redhatRecords(doc, source, out)
}

// redhatDeletions reads when which documents were withdrawn since the archive
// of that date, if the file is there. A line is "2024/cve-2024-0001.json" and
// a time; a document may have come back later.
func redhatDeletions(fsys fs.FS, name string, since time.Time) (map[string]time.Time, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := csv.NewReader(&limited{r: f, left: maxDocument})
	lines.FieldsPerRecord = 2
	lines.ReuseRecord = true
	deleted := make(map[string]time.Time)
	for {
		line, err := lines.Read()
		if err == io.EOF {
			return deleted, nil
		}
		if err != nil {
			return nil, broken(name, err)
		}
		at, err := time.Parse(time.RFC3339, line[1])
		if err != nil {
			return nil, broken(name, fmt.Errorf("%.40q is not a time", line[1]))
		}
		if !at.Before(since) && at.After(deleted[line[0]]) {
			deleted[line[0]] = at
		}
	}
}

// trailer watches a tar stream for its end, two blocks of zeros: archive/tar
// takes a stream that breaks off between two files for a whole one.
type trailer struct {
	r     io.Reader
	zeros int // that the stream ended with so far
}

func (t *trailer) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	rest := len(bytes.TrimRight(p[:n], "\x00"))
	if rest > 0 {
		t.zeros = 0
	}
	t.zeros += n - rest
	return n, err
}

// check reads what follows the last file, which must be zeros and no more
// than a tape's block of them, and with it zstd's checksum.
func (t *trailer) check() error {
	const blocks, tape = 2 * 512, 64 << 10
	if _, err := io.Copy(io.Discard, &limited{r: t, left: tape}); err != nil {
		return err
	}
	if t.zeros < blocks {
		return io.ErrUnexpectedEOF
	}
	return nil
}
