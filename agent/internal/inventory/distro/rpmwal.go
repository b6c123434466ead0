package distro

import (
	"context"
	"io"
	"path"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// sqliteWALHead is the size of a write-ahead log without any change in it.
const sqliteWALHead = 32

// RPMLog looks for changes that were not written into rpm's SQLite database
// yet: a write-ahead log beside it that is not empty. rpm empties it when it
// ends properly. Its changes are not read, so they are a gap.
func RPMLog() inventory.Extractor {
	return inventory.Extractor{
		Name:  "rpm log",
		Roots: rpmRoots("rpmdb.sqlite-wal"),
		Want: func(f layer.File) layer.Want {
			if path.Base(f.Path) == "rpmdb.sqlite-wal" && f.Size > sqliteWALHead {
				return layer.Take
			}
			return layer.Skip
		},
		Extract: func(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			l := newLedger(f.Path)
			l.gap(finding.Unreadable, "the rpm database has a write-ahead log of %d bytes that is not read: packages may be missing or outdated; run rpm --rebuilddb as the last step of the build", content.Size())
			return l.contents(), nil
		},
	}
}
