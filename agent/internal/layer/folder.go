package layer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/layergate/layergate/agent/internal/finding"
)

// volatile are folders of a running system's root that hold no files of the
// image; reading them could block or never end.
var volatile = map[string]bool{"proc": true, "sys": true, "dev": true}

// folder walks a root file system. What cannot be read there, for lack of
// permission say, is a gap: the rest may still be told.
func (w *walker) folder(ctx context.Context, root fs.FS) error {
	return fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && p == ".":
			return err
		case err != nil:
			w.gap(finding.Unreadable, p, "reading the folder: "+reason(err))
			return nil
		case p == ".":
			return nil
		case d.IsDir() && volatile[p]:
			return fs.SkipDir
		}
		w.diff.Entries++
		if w.diff.Entries > w.options.MaxEntries {
			return errors.New("it has too many entries")
		}
		return w.member(ctx, root, p, d)
	})
}

// member takes note of one file or folder of a root file system.
func (w *walker) member(ctx context.Context, root fs.FS, p string, d fs.DirEntry) error {
	switch {
	case d.IsDir():
		w.diff.entries[Hash(p)] = folder
		return nil
	case d.Type()&fs.ModeSymlink != 0:
		w.diff.entries[Hash(p)] = file
		target, err := fs.ReadLink(root, p)
		if err != nil {
			w.gap(finding.Unreadable, p, "reading the symbolic link: "+reason(err))
			return nil
		}
		w.diff.Symlinks[p] = target
		return nil
	}
	w.diff.entries[Hash(p)] = file
	if !d.Type().IsRegular() {
		return nil
	}
	info, err := d.Info()
	if err != nil {
		w.gap(finding.Unreadable, p, reason(err))
		return nil
	}
	w.diff.Bytes += info.Size()
	f := File{Path: p, Mode: info.Mode(), Size: info.Size()}
	want := w.visitor.Want(f)
	if want == Skip {
		return nil
	}
	if id, ok := linkedFile(info); ok {
		if first := w.inodes[id]; first != "" && w.taken[first] {
			w.taken[p] = true
			w.visitor.Alias(p, first)
			return nil
		}
		w.inodes[id] = p
	}
	if f.Size > w.options.MaxFile {
		w.tooLarge(f)
		return nil
	}
	return w.openMember(ctx, root, f, want)
}

func (w *walker) openMember(ctx context.Context, root fs.FS, f File, want Want) error {
	opened, err := root.Open(f.Path)
	if err != nil {
		w.gap(finding.Unreadable, f.Path, "opening it: "+reason(err))
		return nil
	}
	defer opened.Close()
	at, ok := opened.(io.ReaderAt)
	if !ok {
		all, err := io.ReadAll(io.LimitReader(opened, f.Size))
		if err != nil {
			w.gap(finding.Unreadable, f.Path, "reading it: "+reason(err))
			return nil
		}
		at = bytes.NewReader(all)
	}
	section := io.NewSectionReader(at, 0, f.Size)
	if want == Peek {
		head := make([]byte, min(f.Size, HeadSize))
		if _, err := io.ReadFull(section, head); err != nil {
			w.gap(finding.Unreadable, f.Path, "reading it: "+reason(err))
			return nil
		}
		if !w.visitor.Peek(f, head) {
			return nil
		}
		section = io.NewSectionReader(at, 0, f.Size)
	}
	w.taken[f.Path] = true
	return w.visitor.Take(ctx, f, section)
}

// reason is an error without the path, which its gap names already.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
