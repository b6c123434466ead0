package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Records in the OSV format (https://ossf.github.io/osv-schema/), laid out as
// osv.dev exports them (https://google.github.io/osv.dev/data/): a folder for
// each ecosystem with an all.zip of <ID>.json files. The unpacked files do as
// well, below a folder called osv.

// claimOSV takes <Ecosystem>/all.zip anywhere, and *.zip and *.json below osv/.
func claimOSV(p string) (string, bool) {
	dir, base := path.Split(p)
	source := path.Base(path.Clean(dir))
	if source == "." || source == "osv" {
		source = "OSV"
	}
	if base == "all.zip" {
		return source, true
	}
	if !strings.HasPrefix(dir, "osv/") && !strings.Contains(dir, "/osv/") {
		return "", false
	}
	switch path.Ext(base) {
	case ".json":
		return source, true
	case ".zip":
		return strings.TrimSuffix(base, ".zip"), true
	}
	return "", false
}

func readOSV(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	f, err := fsys.Open(u.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if path.Ext(u.Path) == ".json" {
		return osvFile(ctx, f, u, out)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	r, err := readerAt(f, info.Size())
	if err != nil {
		return broken(u.Path, err)
	}
	archive, err := openArchive(r, info.Size())
	if err != nil {
		return broken(u.Path, err)
	}
	return osvArchive(ctx, archive, u, out)
}

// osvArchive reads each record of an archive, one at a time.
func osvArchive(ctx context.Context, archive *archive, u Unit, out Sink) error {
	pace := every{ctx: ctx}
	var data bytes.Buffer // of the record at hand
	var ended error       // by the context or the sink: passed on as it is
	records := 0
	err := archive.each(func(name string, content io.Reader) error {
		if ended = pace.check(); ended != nil {
			return ended
		}
		if path.Ext(name) != ".json" {
			return nil
		}
		records++
		data.Reset()
		if _, err := data.ReadFrom(&limited{r: content, left: maxRecord}); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		ended = osvRecord(data.Bytes(), strings.TrimSuffix(path.Base(name), ".json"), u.Source, out)
		return ended
	})
	switch {
	case ended != nil:
		return ended
	case err == nil && records == 0:
		err = errors.New("no records in it")
	case err == nil:
		return nil
	}
	return broken(u.Path, err)
}

func osvFile(ctx context.Context, f fs.File, u Unit, out Sink) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := io.ReadAll(&limited{r: f, left: maxRecord})
	if err != nil {
		return broken(u.Path, err)
	}
	var head struct {
		ID *json.RawMessage `json:"id"`
	}
	if err := json.Unmarshal(data, &head); err != nil || head.ID == nil {
		return broken(u.Path, errors.New("not a whole OSV record"))
	}
	return osvRecord(data, strings.TrimSuffix(path.Base(u.Path), ".json"), u.Source, out)
}

// osvRecord hands on one record. One that cannot be used is skipped.
func osvRecord(data []byte, name, source string, out Sink) error {
	var doc osvDocument
	if err := json.Unmarshal(data, &doc); err != nil {
		out.Skip("bad record: against the schema", clip(name+": "+schemaFault(err)))
		return nil
	}
	c := conversion{doc: &doc, source: source, out: out}
	record, problem := c.record()
	if problem != "" {
		if doc.ID != "" {
			name = doc.ID
		}
		out.Skip(problem, clip(name))
		return nil
	}
	return out.Record(record)
}

// schemaFault says in the schema's terms what json.Unmarshal found wrong.
func schemaFault(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Sprintf("%s is a %s", wrong.Field, wrong.Value)
	}
	return err.Error()
}
