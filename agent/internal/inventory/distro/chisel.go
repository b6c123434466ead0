package distro

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

const (
	chiselManifest = "var/lib/chisel/manifest.wall"

	// maxManifest bounds a manifest's uncompressed size; a real one has a few
	// hundred KB.
	maxManifest = 256 << 20

	// maxWindow bounds what zstd may keep in memory, the most that the
	// format asks every decoder to support (RFC 8878, 3.1.1.1.2).
	maxWindow = 8 << 20
)

// Chisel reads the manifest that Canonical's chisel leaves in an image cut out
// of Ubuntu packages: "jsonwall", a header and then one JSON object a line,
// under zstd (https://documentation.ubuntu.com/chisel/).
//
// A manifest names no source packages, by which Ubuntu publishes advisories.
// They are left empty, and a gap says that they are unknown: taking libssl3
// for its own source would quietly miss what is published for openssl.
func Chisel() inventory.Extractor {
	return inventory.Extractor{
		Name:  "chisel",
		Roots: []string{chiselManifest},
		Want: func(f layer.File) layer.Want {
			if path.Base(f.Path) == "manifest.wall" {
				return layer.Take
			}
			return layer.Skip
		},
		Extract: func(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return chisel(ctx, f.Path, content)
		},
	}
}

// wallEntry is one line of a manifest, whatever its kind.
type wallEntry struct {
	Wall    string `json:"jsonwall"` // of the header: the format's version
	Count   int    `json:"count"`    // of the header: how many lines there are, itself included
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
	Slice   string `json:"slice"`
	Path    string `json:"path"`
}

func chisel(ctx context.Context, name string, r io.Reader) (*inventory.Contents, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderMaxMemory(maxManifest))
	if err != nil {
		return nil, fmt.Errorf("decompressing the chisel manifest: %w", err)
	}
	defer d.Close()
	return wall(ctx, name, io.LimitReader(d, maxManifest))
}

func wall(ctx context.Context, name string, r io.Reader) (*inventory.Contents, error) {
	l := newLedger(name)
	text := newLines(ctx, r)
	var header wallEntry
	owned := map[string]*inventory.Owned{}
	for !l.full {
		line, err := text.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the chisel manifest: %w", err)
		}
		var e wallEntry
		if err := json.Unmarshal(line, &e); err != nil || text.cut {
			if text.n == 1 {
				return nil, errors.New("reading the chisel manifest: its first line is not a jsonwall header")
			}
			l.gap(finding.Unreadable, "line %d of the chisel manifest is not a JSON object of the right form", text.n)
			continue
		}
		if text.n == 1 {
			if header = e; header.Wall == "" {
				return nil, errors.New("reading the chisel manifest: its first line is not a jsonwall header")
			}
			continue
		}
		e.collect(l, owned)
	}
	if lines := text.n - 1; !l.full && header.Count != lines {
		l.gap(finding.Unreadable, "the chisel manifest has %d lines where its header promises %d", lines, header.Count)
	}
	for _, p := range l.Packages {
		if o := owned[p.Name]; o != nil {
			l.Owned = append(l.Owned, *o)
		}
	}
	if len(l.Packages) > 0 {
		l.gap(finding.Unknowable, "the chisel manifest names no source packages, so advisories that are published by source can be missed")
	}
	return l.contents(), nil
}

// collect takes one line.
func (e *wallEntry) collect(l *ledger, owned map[string]*inventory.Owned) {
	switch e.Kind {
	case "package":
		l.add(inventory.Package{Type: "deb", Name: e.Name, Version: e.Version, Arch: e.Arch})
	case "content": // the slice package_slice installed a path; folders end with a slash
		pkg, _, _ := strings.Cut(e.Slice, "_")
		o := owned[pkg]
		if o == nil {
			if !l.room(len(pkg) + 128) {
				return
			}
			o = &inventory.Owned{Package: strings.Clone(pkg)}
			owned[o.Package] = o
		}
		l.owns(o, e.Path)
	}
}
