package layer

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

// Walk reads l once and hands v what it wants. Its error means that the layer
// could not be read to its end, or is not what its digest says; the Diff then
// covers what was read until there.
//
// A wanted file that is only a hard link to one that was not wanted is fetched
// in a second reading of the layer; this is rare.
func Walk(ctx context.Context, l image.Layer, v Visitor, o Options) (*Diff, error) {
	w := &walker{layer: l, visitor: v, options: o.withDefaults(), diff: newDiff(), taken: map[string]bool{}, inodes: map[inode]string{}}
	err := w.walk(ctx)
	if err != nil {
		err = fmt.Errorf("reading layer %s: %w", name(l), explain(err))
	}
	return w.diff, err
}

// name is what an error calls a layer.
func name(l image.Layer) string {
	switch {
	case l.DiffID != "":
		return fmt.Sprintf("%d (diff ID %s)", l.Index, l.DiffID)
	case l.Digest != "":
		return fmt.Sprintf("%d (%s)", l.Index, l.Digest)
	}
	return fmt.Sprint(l.Index)
}

func explain(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("it is cut short (%w); pull or save the image again", err)
	case errors.Is(err, tar.ErrHeader):
		return fmt.Errorf("it is not a sound tar archive (%w)", err)
	}
	return err
}

// walker is one walk over one layer.
type walker struct {
	layer   image.Layer
	visitor Visitor
	options Options
	diff    *Diff
	taken   map[string]bool  // paths that the visitor took
	links   []link           // wanted hard links
	inodes  map[inode]string // of a root file system: a path of each file that has several
	buffer  []byte           // reused for the contents of streamed files
}

// link is a wanted name that the archive gives as a hard link.
type link struct {
	file    File
	target  string
	ordinal int64 // its place among the layer's entries
}

func (w *walker) walk(ctx context.Context) error {
	if w.layer.FS != nil {
		return w.folder(ctx, w.layer.FS)
	}
	if err := w.pass(ctx, w.entry, w.options.Verify); err != nil {
		return err
	}
	return w.resolveLinks(ctx)
}

// pass opens the layer and calls each for every entry.
func (w *walker) pass(ctx context.Context, each func(context.Context, *tar.Header, content) error, verify bool) error {
	a, err := open(ctx, w, verify)
	if err != nil {
		return err
	}
	defer a.Close()
	for n := int64(0); ; n++ {
		if n&0xff == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		h, err := a.Next()
		if err == io.EOF {
			return a.finish(ctx)
		}
		if err != nil {
			return err
		}
		if n >= w.options.MaxEntries {
			return fmt.Errorf("it has more than %d entries", w.options.MaxEntries)
		}
		if err := each(ctx, h, a); err != nil {
			return err
		}
	}
}

// entry takes note of one entry and hands it over if it is wanted.
func (w *walker) entry(ctx context.Context, h *tar.Header, c content) error {
	w.diff.Entries++
	p := clean(h.Name)
	if p == "" {
		return nil
	}
	if hidden, opaque, ok := whiteout(p); ok {
		w.hide(hidden, opaque)
		return nil
	}
	if h.Typeflag == tar.TypeDir {
		w.replace(p, folder)
		return nil
	}
	w.replace(p, file)
	f := File{Path: p, Mode: h.FileInfo().Mode(), Size: h.Size}
	switch h.Typeflag {
	case tar.TypeSymlink:
		w.diff.Symlinks[p] = h.Linkname
	case tar.TypeLink:
		w.link(f, clean(h.Linkname))
	case tar.TypeReg, tar.TypeGNUSparse:
		w.diff.Bytes += h.Size
		return w.offer(ctx, f, h, c)
	}
	return nil
}

func (w *walker) hide(hidden string, opaque bool) {
	if opaque {
		w.diff.opaques[hidden] = true
	} else if hidden != "" {
		w.diff.whiteouts[hidden] = true
	}
}

// replace notes that p is now of kind, whatever this layer had there before.
func (w *walker) replace(p string, kind entry) {
	h := Hash(p)
	before := w.diff.entries[h]
	w.diff.entries[h] = kind
	if before == 0 || before == folder && kind == folder {
		return
	}
	w.drop(p)
	if before == folder {
		for t := range w.taken {
			if under(t, p) {
				w.drop(t)
			}
		}
		for l := range w.diff.Symlinks {
			if under(l, p) {
				delete(w.diff.Symlinks, l)
			}
		}
	}
}

func (w *walker) drop(p string) {
	delete(w.diff.Symlinks, p)
	if w.taken[p] {
		delete(w.taken, p)
		w.visitor.Drop(p)
	}
}

// offer asks the visitor about a regular file and hands it over if wanted.
func (w *walker) offer(ctx context.Context, f File, h *tar.Header, c content) error {
	want := w.visitor.Want(f)
	if want == Skip {
		return nil
	}
	if want == Peek {
		head, err := c.head(h)
		if err != nil {
			return err
		}
		if !w.visitor.Peek(f, head) {
			return nil
		}
	}
	return w.take(ctx, f, h, c)
}

func (w *walker) take(ctx context.Context, f File, h *tar.Header, c content) error {
	if f.Size > w.options.MaxFile {
		w.tooLarge(f)
		return nil
	}
	section, release, err := c.all(h)
	if err != nil {
		return fmt.Errorf("%s: %w", strings.ToValidUTF8(f.Path, "?"), err)
	}
	defer release()
	w.taken[f.Path] = true
	return w.visitor.Take(ctx, f, section)
}

func (w *walker) gap(kind finding.GapKind, subject, reason string) {
	w.diff.Gaps = append(w.diff.Gaps, finding.Gap{Kind: kind, Subject: subject, Reason: reason, Layer: w.layer.Index})
}

func (w *walker) tooLarge(f File) {
	w.gap(finding.Limited, f.Path, fmt.Sprintf("the file has %d bytes; more than %d are not looked into", f.Size, w.options.MaxFile))
}
