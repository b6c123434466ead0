package inventory

import (
	"context"
	"fmt"
	"io"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Reader is the layer.Visitor that runs the extractors over one layer.
type Reader struct {
	extractors []Extractor
	files      map[string][]*read
	eager      []bool // of the current file: which extractors want all of it
	curious    []bool // of the current file: which want to see its head
}

var _ layer.Visitor = (*Reader)(nil)

// read is what one extractor made of one file. A path that was replaced, or
// only named by a link, keeps the contents that it had.
type read struct {
	extractor string
	roots     []string
	path      string // as the extractor saw it
	packages  []Package
	owned     []owned
	contents  *Contents // without Packages and Owned, which are above; hard links share it
}

// owned is an Owned that keeps only the hashes of the files' paths: a layer
// lists a hundred thousand of them.
type owned struct {
	by    string
	files []uint64
}

// NewReader makes a Reader for one layer.
func NewReader(extractors []Extractor) *Reader {
	return &Reader{
		extractors: extractors,
		files:      map[string][]*read{},
		eager:      make([]bool, len(extractors)),
		curious:    make([]bool, len(extractors)),
	}
}

// Want asks every extractor.
func (r *Reader) Want(f layer.File) layer.Want {
	most := layer.Skip
	for i := range r.extractors {
		want := r.extractors[i].Want(f)
		r.eager[i], r.curious[i] = want == layer.Take, want == layer.Peek
		most = max(most, want)
	}
	return most
}

// Peek asks the extractors that wanted to see the head.
func (r *Reader) Peek(f layer.File, head []byte) bool {
	any := false
	for i := range r.extractors {
		if r.curious[i] {
			r.eager[i], r.curious[i] = r.extractors[i].Peek(f, head), false
		}
		any = any || r.eager[i]
	}
	return any
}

// Take runs the extractors that want the file.
func (r *Reader) Take(ctx context.Context, f layer.File, content *io.SectionReader) error {
	for i := range r.extractors {
		e := &r.extractors[i]
		wants := r.eager[i]
		if r.curious[i] { // another extractor was eager, so nobody peeked
			head := make([]byte, min(content.Size(), layer.HeadSize))
			if _, err := content.ReadAt(head, 0); err != nil && err != io.EOF {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
			wants = e.Peek(f, head)
		}
		if !wants {
			continue
		}
		counted := &watched{r: content}
		got, err := extract(ctx, e, f, io.NewSectionReader(counted, 0, content.Size()))
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case counted.err != nil:
			return fmt.Errorf("%s: %w", f.Path, counted.err) // the layer's fault, not the file's
		case err != nil:
			got = &Contents{Gaps: []finding.Gap{{
				Kind: finding.Unreadable, Subject: f.Path, Reason: "reading it as " + e.Name + ": " + err.Error(),
			}}}
		case got == nil:
			continue
		}
		r.files[f.Path] = append(r.files[f.Path], keep(e, f.Path, got))
	}
	return nil
}

// extract turns a panic over a hostile file into an error: one file must not
// end the scan of all others.
func extract(ctx context.Context, e *Extractor, f layer.File, content *io.SectionReader) (c *Contents, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("the file is broken in a way that the reader did not expect (%v)", p)
		}
	}()
	return e.Extract(ctx, f, content)
}

// keep packs what an extractor returned.
func keep(e *Extractor, path string, c *Contents) *read {
	r := &read{extractor: e.Name, roots: e.Roots, path: path, packages: c.Packages, contents: c}
	for _, o := range c.Owned {
		hashes := make([]uint64, len(o.Files))
		for i, f := range o.Files {
			hashes[i] = layer.Hash(f)
		}
		r.owned = append(r.owned, owned{by: o.Package, files: hashes})
	}
	c.Packages, c.Owned = nil, nil
	return r
}

// Alias repeats the target's contents under another path.
func (r *Reader) Alias(path, target string) {
	for _, t := range r.files[target] {
		alias := *t
		r.files[path] = append(r.files[path], &alias)
	}
}

// Drop forgets a path.
func (r *Reader) Drop(path string) { delete(r.files, path) }

// watched remembers an error of the bytes below, which an extractor would
// take for a fault of its format.
type watched struct {
	r   io.ReaderAt
	err error
}

func (w *watched) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.r.ReadAt(p, off)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}
