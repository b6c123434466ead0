// Package distro is the distro side of the inventory: which distribution an
// image is built from, and what its package manager says is installed.
//
// Each package manager keeps a database in a format of its own:
//
//	apk     lib/apk/db/installed                  text, one letter a field
//	dpkg    var/lib/dpkg/status                   text, RFC 822 style stanzas
//	        var/lib/dpkg/status.d/NAME            the same, one file a package (distroless)
//	        var/lib/dpkg/info/NAME.list           the files of one package
//	chisel  var/lib/chisel/manifest.wall          JSON lines under zstd
//	rpm     var/lib/rpm/{rpmdb.sqlite,Packages.db,Packages}
//	        SQLite, rpm's own "ndb", or Berkeley DB: each a bag of binary headers
//	        var/lib/rpmmanifest/container-manifest-2
//	                                              text (Azure Linux distroless)
//
// An extractor reads one such file as it lies in one layer. It cannot know the
// distro, which another file names, so Ecosystem and PURL of a package are left
// empty until Identify fills them from the folded image's Release.
//
// The parsers are our own. osv-scalibr's for apk and dpkg want the os-release
// beside the file, which lies in another layer; they do not say which files a
// package owns, and they stop at a broken stanza or skip it in silence. For rpm
// there is go-rpmdb. Tried on databases with a few flipped bytes, it hung
// (Berkeley DB, ndb), and of an SQLite file's 129 packages it gave anything
// from 1 to 109 without an error, since it does not ask why the rows ended. It
// also wants a path, so a copy on disk, and an SQLite driver that adds 5 MB to
// the binary and takes 70 ms where reading the one table that matters takes 5.
//
// Everything read is hostile. No parser panics; each is bounded by maxKept and
// by the size of its input, and what it had to leave out is a finding.Gap.
package distro

import (
	"fmt"
	"path"
	"strings"
	"unicode"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/inventory"
)

const (
	// maxKept bounds the memory that one file's contents take, in bytes. The
	// largest databases seen (a full desktop, 400,000 files) need half of it.
	maxKept = 64 << 20

	// maxValue is the longest name or version that is believed, in bytes. File
	// systems end at 255 for a name; real versions stay under 100.
	maxValue = 1 << 10

	// maxGaps bounds how many broken parts of one file are told one by one.
	maxGaps = 20
)

// ledger collects what one file says, within bounds.
type ledger struct {
	path   string
	kept   int // bytes, roughly
	broken int
	full   bool
	inventory.Contents
}

func newLedger(path string) *ledger { return &ledger{path: path} }

// room says whether n more bytes may be kept. The first time that they may
// not, it records a gap.
func (l *ledger) room(n int) bool {
	if l.kept+n <= maxKept {
		l.kept += n
		return true
	}
	if !l.full {
		l.full = true
		l.gap(finding.Limited, "the file lists more than the %d MiB of packages and files that are kept of one database", maxKept>>20)
	}
	return false
}

// add keeps a package, unless it cannot be one.
func (l *ledger) add(p inventory.Package) bool {
	if !believable(p) {
		l.gap(finding.Unreadable, "a package has no name or version, or an absurd one (name %.40q, version %.40q)", p.Name, p.Version)
		return false
	}
	const fixed = 300 // the struct itself
	if !l.room(fixed + len(p.Name) + len(p.Version) + len(p.Arch) + len(p.SourceName) + len(p.SourceVer) + len(p.Module)) {
		return false
	}
	p.Path, p.Distro = l.path, true
	l.Packages = append(l.Packages, p)
	return true
}

// owns keeps that a package installed a file; name may be absolute.
func (l *ledger) owns(o *inventory.Owned, name string) bool {
	name = rooted(name)
	if name == "" {
		return true
	}
	const fixed = 24 // the string header, and what append over-allocates
	if !l.room(fixed + len(name)) {
		return false
	}
	o.Files = append(o.Files, name)
	return true
}

// gap records a part of the file that could not be read.
func (l *ledger) gap(kind finding.GapKind, format string, args ...any) {
	l.broken++
	if l.broken > maxGaps {
		return
	}
	l.Gaps = append(l.Gaps, finding.Gap{Kind: kind, Subject: l.path, Layer: -1, Reason: fmt.Sprintf(format, args...)})
}

// contents is all that was collected.
func (l *ledger) contents() *inventory.Contents {
	if more := l.broken - maxGaps; more > 0 {
		l.Gaps = append(l.Gaps, finding.Gap{Kind: finding.Unreadable, Subject: l.path, Layer: -1,
			Reason: fmt.Sprintf("%d more parts of the file could not be read", more)})
	}
	return &l.Contents
}

// rooted makes a file's name clean and relative to the root. The root itself,
// and anything that would escape it, is "".
func rooted(name string) string {
	name = strings.TrimLeft(name, "/")
	if strings.HasSuffix(name, "/") || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.Contains(name, "//") {
		name = strings.TrimPrefix(path.Clean("/"+name), "/")
	}
	return name
}

// believable says that a package has a name and a version, and that none of
// what is known of it is absurdly long or has control characters, which could
// do harm on a terminal.
func believable(p inventory.Package) bool {
	for _, s := range []string{p.Name, p.Version, p.Arch, p.SourceName, p.SourceVer, p.Module} {
		if len(s) > maxValue || strings.ContainsFunc(s, unicode.IsControl) {
			return false
		}
	}
	return p.Name != "" && p.Version != ""
}

// parent is the name of the folder that p, which is clean, lies in. It is
// asked of every file in an image, so it allocates nothing.
func parent(p string) string {
	folder := p[:max(0, strings.LastIndexByte(p, '/'))]
	return folder[strings.LastIndexByte(folder, '/')+1:]
}
