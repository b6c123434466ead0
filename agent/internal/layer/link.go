package layer

import (
	"archive/tar"
	"context"

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
		for _, l := range missing[target] {
			if l.ordinal < ordinal {
				continue // the link was made from what stood there before
			}
			found[l.file.Path] = true
			l.file.Size = h.Size
			if err := w.offer(ctx, l.file, h, c); err != nil {
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
