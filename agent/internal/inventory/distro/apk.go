package distro

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// APK reads the database of Alpine's package manager, also Wolfi's and
// Chainguard's: blocks of "X:value" lines with an empty line after each. The
// format is described at https://wiki.alpinelinux.org/wiki/Apk_spec.
//
// It gives packages, each with its origin as the source package, and the files
// that each of them owns.
func APK() inventory.Extractor {
	return inventory.Extractor{
		Name:  "apk",
		Roots: []string{"lib/apk/db/installed", "usr/lib/apk/db/installed"},
		Want: func(f layer.File) layer.Want {
			switch {
			case path.Base(f.Path) != "installed":
				return layer.Skip
			case parent(f.Path) == "db":
				return layer.Take
			}
			return layer.Peek
		},
		Peek: func(_ layer.File, head []byte) bool {
			return len(head) > 2 && head[1] == ':' && letter(head[0])
		},
		Extract: func(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return apk(ctx, f.Path, content)
		},
	}
}

// apkBlock is one package of the database while it is read.
type apkBlock struct {
	pkg    inventory.Package
	owned  inventory.Owned
	folder string
	begun  bool
}

func apk(ctx context.Context, name string, r io.Reader) (*inventory.Contents, error) {
	l := newLedger(name)
	text := newLines(ctx, r)
	var b apkBlock
	for !l.full {
		line, err := text.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the apk database: %w", err)
		}
		if len(line) == 0 {
			b.end(l)
			b = apkBlock{}
			continue
		}
		if text.cut || len(line) < 2 || line[1] != ':' || !letter(line[0]) {
			l.gap(finding.Unreadable, "line %d of the apk database is not a field", text.n)
			continue
		}
		b.begun = true
		b.field(l, line[0], line[2:])
	}
	if text.open {
		l.gap(finding.Unreadable, "the apk database is cut short: its last line has no end")
	}
	b.end(l)
	return l.contents(), nil
}

// field takes one line: P name, V version, A architecture, o origin, F folder,
// R file in that folder. The other letters are of no use here.
func (b *apkBlock) field(l *ledger, key byte, value []byte) {
	switch key {
	case 'P':
		b.pkg.Name = string(value)
		b.owned.Package = b.pkg.Name
	case 'V':
		b.pkg.Version = string(value)
	case 'A':
		b.pkg.Arch = string(value)
	case 'o':
		b.pkg.SourceName = string(value)
	case 'F':
		b.folder = string(value) + "/"
	case 'R':
		l.owns(&b.owned, b.folder+string(value))
	}
}

// end closes the block.
func (b *apkBlock) end(l *ledger) {
	if !b.begun {
		return
	}
	p := b.pkg
	p.Type, p.SourceVer = "apk", p.Version
	if p.SourceName == "" {
		p.SourceName = p.Name
	}
	if l.add(p) && len(b.owned.Files) > 0 {
		l.Owned = append(l.Owned, b.owned)
	}
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
