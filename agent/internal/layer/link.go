package layer

import (
	"archive/tar"
	"context"
	"io"

	"github.com/layergate/layergate/agent/internal/finding"
)

// link notes a hard link whose name is wanted.
func (w *walker) link(f File, target string) {
	f.Mode = f.Mode.Perm()
	f.Size = 1 // unknown: an archive gives it at the target only
	if w.visitor.Want(f) != Skip {
		w.links = append(w.links, link{file: f, target: target, ordinal: w.diff.Entries})
	}
}

// resolveLinks tells the visitor of the links to what it took, and fetches
// what is wanted under the link's name only. What the visitor refused after a
// look at its bytes under the target's name, it need not see again.
func (w *walker) resolveLinks(ctx context.Context) error {
	targets := map[string]string{}
	for _, l := range w.links {
		targets[l.file.Path] = l.target
	}
	missing := map[string][]link{}
	for _, l := range w.links {
		for n := 0; n < len(w.links); n++ { // links to links
			next, ok := targets[l.target]
			if !ok || next == l.file.Path {
				break
			}
			l.target = next
		}
		asTarget := l.file
		asTarget.Path = l.target
		switch {
		case w.taken[l.target]:
			w.taken[l.file.Path] = true
			w.visitor.Alias(l.file.Path, l.target)
		case w.visitor.Want(asTarget) == Skip:
			missing[l.target] = append(missing[l.target], l)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return w.fetch(ctx, missing)
}

// fetch reads the layer again for the files that only links ask for.
func (w *walker) fetch(ctx context.Context, missing map[string][]link) error {
	ordinal, found := int64(0), map[string]bool{}
	err := w.pass(ctx, func(ctx context.Context, h *tar.Header, c content) error {
		ordinal++
		target := clean(h.Name)
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
			return nil
		}
		var held *again
		for _, l := range missing[target] {
			if l.ordinal < ordinal {
				continue // the link was made from what stood there before
			}
			if held == nil {
				held = &again{of: c}
				defer held.release()
			}
			found[l.file.Path] = true
			l.file.Size = h.Size
			if h.Size > w.options.MaxFile {
				w.tooLarge(l.file)
				continue
			}
			if err := w.offer(ctx, l.file, h, held); err != nil {
				return err
			}
		}
		return nil
	}, false)
	for target, links := range missing {
		for _, l := range links {
			if !found[l.file.Path] && w.visitor.Want(l.file) == Take && err == nil {
				w.gap(finding.Unreadable, l.file.Path, "it is a hard link to "+target+", which its layer does not hold")
			}
		}
	}
	return err
}

// again gives one entry's content to several links: a stream has it only once.
type again struct {
	of      content
	section *io.SectionReader
	free    func()
}

func (a *again) head(h *tar.Header) ([]byte, error) {
	s, _, err := a.all(h)
	if err != nil {
		return nil, err
	}
	head := make([]byte, min(h.Size, HeadSize))
	_, err = s.ReadAt(head, 0)
	return head, ignoreEOF(len(head), err)
}

func (a *again) all(h *tar.Header) (*io.SectionReader, func(), error) {
	if a.section == nil {
		var err error
		if a.section, a.free, err = a.of.all(h); err != nil {
			return nil, nil, err
		}
	}
	return io.NewSectionReader(a.section, 0, h.Size), func() {}, nil
}

func (a *again) release() {
	if a.free != nil {
		a.free()
	}
}
