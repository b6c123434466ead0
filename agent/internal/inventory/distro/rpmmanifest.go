package distro

import (
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

const rpmManifest = "var/lib/rpmmanifest/container-manifest-2"

// RPMManifest reads the list that Azure Linux leaves in distroless images in
// place of rpm's database: a package a line, ten fields between tabs, as
// rpm --queryformat wrote them: name, version-release, install time, build
// time, vendor, epoch, size, architecture, epoch as a number, source package.
func RPMManifest() inventory.Extractor {
	return inventory.Extractor{
		Name:  "rpm manifest",
		Roots: []string{rpmManifest},
		Want: func(f layer.File) layer.Want {
			if path.Base(f.Path) == path.Base(rpmManifest) {
				return layer.Take
			}
			return layer.Skip
		},
		Extract: func(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return manifest(ctx, f.Path, content)
		},
	}
}

func manifest(ctx context.Context, name string, r io.Reader) (*inventory.Contents, error) {
	l := newLedger(name)
	text := newLines(ctx, r)
	for !l.full {
		line, err := text.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the rpm manifest: %w", err)
		}
		if len(line) == 0 {
			continue
		}
		fields := strings.Split(string(line), "\t")
		version, release, ok := "", "", false
		if len(fields) == 10 && !text.cut {
			version, release, ok = strings.Cut(fields[1], "-")
		}
		if !ok || version == "" || release == "" {
			l.gap(finding.Unreadable, "line %d of the rpm manifest is not a package's ten fields", text.n)
			continue
		}
		l.addRPM(rpmPackage{name: fields[0], version: version, release: release,
			arch: fields[7], epoch: fields[8], sourceRPM: fields[9]})
	}
	return l.contents(), nil
}
