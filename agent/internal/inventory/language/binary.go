package language

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// maxBinaryRead bounds what is read of one binary. Tables and build
// information take a few KB, and less than 1 MB in the largest programmes;
// only a binary without a section table is searched.
const maxBinaryRead = 64 << 20

// Binary reads ELF programmes and libraries: the modules that Go's linker
// recorded, and the crates that cargo-auditable did. It is one extractor, not
// two, so that a binary's tables are read once; a binary of neither kind costs
// its header, section table and section names. Programmes of other systems
// (PE, Mach-O) cannot run in the image and are not read.
func Binary() inventory.Extractor {
	return inventory.Extractor{Name: "binary", Want: wantBinary, Peek: peekBinary, Extract: extractBinary}
}

// wantBinary wants a look at what can be executed, and at libraries, which
// need no permission for that.
func wantBinary(f layer.File) layer.Want {
	if f.Size < int64(minELF) {
		return layer.Skip
	}
	base := path.Base(f.Path)
	library := strings.HasSuffix(base, ".so") || strings.Contains(base, ".so.") || strings.HasSuffix(base, ".node")
	if f.Mode&0o111 != 0 || library {
		return layer.Peek
	}
	return layer.Skip
}

const minELF = 52 // the smaller of the two headers

// peekBinary accepts ELF programmes and shared objects: not kernel modules,
// object files or core dumps.
func peekBinary(_ layer.File, head []byte) bool {
	if len(head) < minELF || !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return false
	}
	kind := elf.Type(head[16]) | elf.Type(head[17])<<8
	if elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB {
		kind = elf.Type(head[17]) | elf.Type(head[16])<<8
	}
	return kind == elf.ET_EXEC || kind == elf.ET_DYN
}

func extractBinary(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
	r := &capped{r: content, left: maxBinaryRead}
	file, err := elf.NewFile(r)
	switch {
	case err != nil && f.Mode&0o111 == 0:
		return nil, nil // a piece of a library, or data: nothing that runs
	case err != nil:
		return nil, fmt.Errorf("ELF section table: %w", err)
	case len(file.Sections) == 0:
		return extractStripped(f, r)
	}
	var c inventory.Contents
	switch {
	case file.Section(".go.buildinfo") != nil:
		if err := readGo(&c, f, r); err != nil {
			return nil, err
		}
	case file.Section(".note.go.buildid") != nil:
		c.Gaps = append(c.Gaps, unknown(f, "it is a Go programme without build information (built before Go 1.13, or stripped of it), so its modules are not known; build it again"))
	}
	if s := crateSection(file); s != nil {
		if err := readRust(&c, f, io.NewSectionReader(r, int64(s.Offset), int64(s.FileSize))); err != nil {
			return nil, err
		}
	}
	if c.Packages == nil && c.Gaps == nil {
		return nil, nil
	}
	return &c, nil
}

// extractStripped reads a binary without a section table. Go's build
// information lies in a loaded segment and can still be found; that of
// cargo-auditable does not and is lost. A binary packed by UPX shows nothing.
func extractStripped(f layer.File, r io.ReaderAt) (*inventory.Contents, error) {
	head := make([]byte, layer.HeadSize)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Contains(head[:n], []byte("UPX!")) {
		return &inventory.Contents{Gaps: []finding.Gap{unknown(f, "it is packed with UPX, so what it is built from cannot be seen; ship it unpacked (upx -d)")}}, nil
	}
	var c inventory.Contents
	if err := readGo(&c, f, r); err != nil {
		return nil, nil // not Go, as far as anyone can tell
	}
	return &c, nil
}

func unknown(f layer.File, reason string) finding.Gap {
	return finding.Gap{Kind: finding.Unknowable, Subject: f.Path, Reason: reason}
}

// capped is an io.ReaderAt that gives left bytes in all, and then fails.
type capped struct {
	r    io.ReaderAt
	left int64
}

var errCapped = errors.New("its tables are larger than any real binary's")

func (c *capped) ReadAt(p []byte, off int64) (int, error) {
	if int64(len(p)) > c.left {
		return 0, errCapped
	}
	c.left -= int64(len(p))
	return c.r.ReadAt(p, off)
}
