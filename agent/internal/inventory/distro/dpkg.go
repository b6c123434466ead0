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

const (
	dpkgStatus  = "var/lib/dpkg/status"
	dpkgStatusD = "var/lib/dpkg/status.d/"
	dpkgInfo    = "var/lib/dpkg/info/"
)

// Dpkg reads what Debian's package manager has installed: its status file, and
// the files of status.d in which distroless images keep one package each. Both
// hold stanzas of "Field: value" lines (deb-control(5), dpkg(1)).
//
// A package counts if any of it is there: installed, and also unpacked,
// half-installed and so on; not one of which only configuration files remain.
func Dpkg() inventory.Extractor {
	return inventory.Extractor{
		Name:  "dpkg",
		Roots: []string{dpkgStatus, dpkgStatusD},
		Want: func(f layer.File) layer.Want {
			base, folder := path.Base(f.Path), parent(f.Path)
			switch {
			case base == "status" && folder == "dpkg":
				return layer.Take
			case base == "status", folder == "status.d" && !strings.HasSuffix(base, ".md5sums"):
				return layer.Peek
			}
			return layer.Skip
		},
		Peek: func(_ layer.File, head []byte) bool {
			return hasField(head, "package")
		},
		Extract: func(ctx context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return dpkg(ctx, f.Path, content)
		},
	}
}

// stanza is one package of a status file while it is read.
type stanza struct {
	name, version, arch, source, status string
	begun                               bool
	broken                              string // what is wrong with it
}

func dpkg(ctx context.Context, name string, r io.Reader) (*inventory.Contents, error) {
	single := parent(name) == "status.d"
	l := newLedger(name)
	text := newLines(ctx, r)
	var s stanza
	for !l.full {
		line, err := text.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the dpkg status: %w", err)
		}
		switch {
		case len(line) == 0:
			s.end(l, text.n)
			s = stanza{}
		case line[0] == ' ' || line[0] == '\t': // goes on with a field that is of no use here
		default:
			s.begun = true
			s.field(line, text.cut)
		}
	}
	if text.open && !single {
		// dpkg itself refuses such a file. A single control file often has it.
		l.gap(finding.Unreadable, "the dpkg status is cut short: its last line has no end")
	}
	s.end(l, text.n)
	return l.contents(), nil
}

// field takes one line. Names of fields are compared without regard to case,
// as dpkg does.
func (s *stanza) field(line []byte, cut bool) {
	key, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		s.broken = "a line of it is not a field"
		return
	}
	var to *string
	switch len(key) {
	case len("status"):
		if bytes.EqualFold(key, []byte("status")) {
			to = &s.status
		} else if bytes.EqualFold(key, []byte("source")) {
			to = &s.source
		}
	case len("package"):
		if bytes.EqualFold(key, []byte("package")) {
			to = &s.name
		} else if bytes.EqualFold(key, []byte("version")) {
			to = &s.version
		}
	case len("architecture"):
		if bytes.EqualFold(key, []byte("architecture")) {
			to = &s.arch
		}
	}
	if to == nil {
		return
	}
	value = bytes.TrimSpace(value)
	if cut || len(value) > maxValue {
		s.broken = "a field of it is absurdly long"
		return
	}
	*to = string(value)
}

// end closes the stanza that line n ended.
func (s *stanza) end(l *ledger, n int) {
	if !s.begun || !s.installed() {
		return
	}
	if s.broken == "" && (s.name == "" || s.version == "") {
		s.broken = "it has no name or no version"
	}
	if s.broken != "" {
		l.gap(finding.Unreadable, "the dpkg stanza that ends at line %d (package %.40q, version %.40q) is broken: %s", n, s.name, s.version, s.broken)
	}
	if s.name == "" || s.version == "" {
		return
	}
	p := inventory.Package{Type: "deb", Name: s.name, Version: s.version, Arch: s.arch, SourceName: s.name, SourceVer: s.version}
	if name, version, _ := strings.Cut(s.source, " "); name != "" {
		// "name", or "name (version)" where the binary has a version of its own.
		p.SourceName = name
		if v := strings.Trim(version, " ()"); v != "" {
			p.SourceVer = v
		}
	}
	l.add(p)
}

// installed reads the third word of "want flag state". Without a status, as in
// status.d, the package is there.
func (s *stanza) installed() bool {
	words := strings.Fields(s.status)
	if len(words) < 3 {
		return true
	}
	return words[2] != "not-installed" && words[2] != "config-files"
}

// hasField says whether a line of head begins with the field name, in lower
// case.
func hasField(head []byte, name string) bool {
	for line := range bytes.Lines(head) {
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return true
		}
	}
	return false
}
