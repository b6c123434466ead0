package distro

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// rpmFolders are where rpm databases lie: the usual place, SUSE's and newer
// Fedora's, and rpm-ostree's.
var rpmFolders = [...]string{"var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"}

// maxHeader is the largest package header that is read, in bytes. rpm itself
// stops at 256 MiB; the header of a package with 100,000 files has about 10.
const maxHeader = 32 << 20

// RPM reads rpm's database in each of its three forms, told apart by their
// first bytes: SQLite (rpmdb.sqlite), ndb (Packages.db, SUSE) and Berkeley DB
// (Packages, up to RHEL 8). All three hold one binary header a package.
//
// It gives packages, with the source package from SOURCERPM, and the files
// that each of them owns. gpg-pubkey is left out: rpm keeps the keys that it
// trusts as packages of that name, whose "version" is a key id.
func RPM() inventory.Extractor {
	return inventory.Extractor{
		Name:  "rpm",
		Roots: rpmRoots("rpmdb.sqlite", "Packages.db", "Packages"),
		Want: func(f layer.File) layer.Want {
			switch path.Base(f.Path) {
			case "rpmdb.sqlite", "Packages.db":
				return layer.Take
			case "Packages":
				if parent(f.Path) == "rpm" {
					return layer.Take
				}
				return layer.Peek // most files of that name are apt's
			}
			return layer.Skip
		},
		Peek: func(_ layer.File, head []byte) bool {
			return rpmFormat(head) != nil
		},
		Extract: func(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return rpm(ctx, f.Path, content)
		},
	}
}

// rpmRoots are the places of rpm's files.
func rpmRoots(names ...string) (roots []string) {
	for _, folder := range rpmFolders {
		for _, name := range names {
			roots = append(roots, folder+name)
		}
	}
	return roots
}

// headers yields the headers of an rpm database, or for one that cannot be
// read an error, and goes on where it can. A header is valid until the next.
type headers = iter.Seq2[[]byte, error]

// rpmFormat tells the form of a database by its first bytes; nil if they are
// none of an rpm database.
func rpmFormat(head []byte) func(*rpmFile) (headers, error) {
	switch {
	case bytes.HasPrefix(head, []byte(sqliteMagic)):
		return sqliteHeaders
	case bytes.HasPrefix(head, []byte(ndbMagic)):
		return ndbHeaders
	case len(head) >= 16 && bdbOrder(head) != nil:
		return bdbHeaders
	}
	return nil
}

func rpm(ctx context.Context, name string, content *io.SectionReader) (*inventory.Contents, error) {
	l := newLedger(name)
	file := &rpmFile{ReaderAt: content, size: content.Size(), left: content.Size()}
	head, err := file.bytes(0, 16)
	if err != nil {
		return nil, fmt.Errorf("reading the rpm database: %w", err)
	}
	open := rpmFormat(head)
	if open == nil {
		return nil, errors.New("reading the rpm database: it is neither SQLite, ndb nor a Berkeley DB hash")
	}
	all, err := open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the rpm database: %w", err)
	}
	for header, err := range all {
		if l.full {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("reading the rpm database: %w", err)
		}
		if err == nil {
			err = l.addHeader(header)
		}
		if err != nil {
			l.gap(finding.Unreadable, "reading a package of the rpm database: %v", err)
		}
	}
	return l.contents(), nil
}

// addHeader keeps the package that a header describes.
func (l *ledger) addHeader(header []byte) error {
	h, err := parseRPMHeader(header)
	if err != nil {
		return err
	}
	if h.name == "gpg-pubkey" {
		return nil
	}
	if !l.addRPM(h.rpmPackage) {
		return nil
	}
	owned := inventory.Owned{Package: h.name}
	for name, err := range h.files() {
		if err != nil {
			return fmt.Errorf("package %s: %w", h.name, err)
		}
		if !l.owns(&owned, name) {
			break
		}
	}
	if len(owned.Files) > 0 {
		l.Owned = append(l.Owned, owned)
	}
	return nil
}

// rpmPackage is what rpm knows of a package, in its own words.
type rpmPackage struct {
	name, version, release, arch string
	epoch                        string // "" or "0" for none
	sourceRPM                    string // the source package's file
	module                       string
}

// addRPM keeps a package, unless it cannot be one.
func (l *ledger) addRPM(r rpmPackage) bool {
	epoch := ""
	if r.epoch != "" && r.epoch != "0" {
		epoch = r.epoch + ":"
	}
	p := inventory.Package{Type: "rpm", Name: r.name, Version: epoch + r.version + "-" + r.release, Arch: r.arch, Module: r.module}
	p.SourceName, p.SourceVer = p.Name, p.Version
	if name, version := sourceRPM(r.sourceRPM); name != "" {
		// Nothing records the source's epoch. The binary's is the same in all
		// but a handful of packages.
		p.SourceName, p.SourceVer = name, epoch+version
	}
	return l.add(p)
}

// sourceRPM splits name-version-release.src.rpm; "" if it is not of that form.
func sourceRPM(file string) (name, version string) {
	s, ok := strings.CutSuffix(file, ".src.rpm")
	if !ok {
		s, ok = strings.CutSuffix(file, ".nosrc.rpm")
	}
	release := strings.LastIndexByte(s, '-')
	if !ok || release < 0 {
		return "", ""
	}
	dash := strings.LastIndexByte(s[:release], '-')
	if dash <= 0 {
		return "", ""
	}
	return s[:dash], s[dash+1:]
}

// rpmFile is the file of a database.
type rpmFile struct {
	io.ReaderAt
	size int64
	left int64 // how many more bytes of headers can be in it
}

// bytes reads n bytes at off.
func (f *rpmFile) bytes(off, n int64) ([]byte, error) {
	if off < 0 || n < 0 || off > f.size-n {
		return nil, fmt.Errorf("%d bytes at offset %d lie beyond its end at %d", n, off, f.size)
	}
	b := make([]byte, n)
	_, err := f.ReadAt(b, off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b, nil
}

// claim says that a header of n bytes is about to be read. In a sound file
// headers do not overlap, so that all of them together fit into it: a hostile
// one cannot make us read the same bytes again and again.
func (f *rpmFile) claim(n int64) error {
	if n < 0 || n > maxHeader {
		return fmt.Errorf("a header of %d bytes is beyond the limit of %d", n, int64(maxHeader))
	}
	if n > f.left {
		return errOverlap
	}
	f.left -= n
	return nil
}

// errOverlap ends the reading of a database.
var errOverlap = errors.New("its headers take more bytes than the file has: they overlap")

func u32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
func u16(b []byte) int    { return int(binary.BigEndian.Uint16(b)) }
