package distro

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// DpkgFiles reads which files a Debian package installed: info/NAME.list or
// info/NAME:ARCH.list, an absolute path a line, and for distroless images
// status.d/NAME.md5sums, a digest and a relative path a line. The package's
// name is the file's.
func DpkgFiles() inventory.Extractor {
	return inventory.Extractor{
		Name:  "dpkg files",
		Roots: []string{dpkgInfo, dpkgStatusD},
		Want: func(f layer.File) layer.Want {
			base, folder := path.Base(f.Path), parent(f.Path)
			if folder == "info" && strings.HasSuffix(base, ".list") ||
				folder == "status.d" && strings.HasSuffix(base, ".md5sums") {
				return layer.Take
			}
			return layer.Skip
		},
		Extract: func(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return dpkgFiles(ctx, f.Path, content)
		},
	}
}

func dpkgFiles(ctx context.Context, name string, r io.Reader) (*inventory.Contents, error) {
	base, sums := strings.CutSuffix(path.Base(name), ".md5sums")
	l := newLedger(name)
	if !sums {
		base = strings.TrimSuffix(base, ".list")
		base, _, _ = strings.Cut(base, ":")
	}
	owned := inventory.Owned{Package: base}
	text := newLines(ctx, r)
	for !l.full {
		line, err := text.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading a dpkg file list: %w", err)
		}
		if text.cut {
			l.gap(finding.Unreadable, "line %d of a dpkg file list is longer than %d bytes", text.n, maxLine)
			continue
		}
		if sums {
			_, line, _ = bytes.Cut(line, []byte("  "))
		}
		l.owns(&owned, string(line))
	}
	if len(owned.Files) > 0 {
		l.Owned = []inventory.Owned{owned}
	}
	return l.contents(), nil
}
