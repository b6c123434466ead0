package distro

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// maxRelease bounds a file that says which distro this is, in bytes; real ones
// have a few hundred.
const maxRelease = 64 << 10

// releaseFiles are the files that say which distro this is, best first. The
// last three stand for RHEL 6, CentOS 6 and older, which have no os-release.
// Oracle Linux has a redhat-release too, that names Red Hat: its own comes
// first. debian_version is not among them, since derivatives keep it as it
// is.
var releaseFiles = []string{
	"etc/os-release",
	"usr/lib/os-release",
	"etc/oracle-release",
	"etc/centos-release",
	"etc/redhat-release",
}

// Release reads which distribution an image is built from: os-release(5), or
// the one-line files that came before it. Of several in one image, the first
// of its Roots counts.
func Release() inventory.Extractor {
	return inventory.Extractor{
		Name:  "os-release",
		Roots: releaseFiles,
		Want: func(f layer.File) layer.Want {
			switch path.Base(f.Path) {
			case "os-release", "oracle-release", "centos-release", "redhat-release":
				return layer.Take
			}
			return layer.Skip
		},
		Extract: func(_ context.Context, f layer.File, content *io.SectionReader) (*inventory.Contents, error) {
			return release(f.Path, content)
		},
	}
}

func release(name string, content *io.SectionReader) (*inventory.Contents, error) {
	if content.Size() > maxRelease {
		return nil, fmt.Errorf("reading which distro this is: %d bytes are beyond the limit of %d", content.Size(), maxRelease)
	}
	text, err := io.ReadAll(content)
	if err != nil {
		return nil, fmt.Errorf("reading which distro this is: %w", err)
	}
	var d *image.Distro
	if path.Base(name) == "os-release" {
		if d = osRelease(string(text)); d == nil {
			return nil, errors.New("reading which distro this is: the file names none")
		}
	} else if d = oldRelease(string(text)); d == nil {
		return nil, nil
	}
	d.Ecosystem = ecosystem(d)
	d.EndOfLife = endOfLife(d)
	return &inventory.Contents{Distro: d}, nil
}

// osRelease reads KEY=value lines, values quoted as in a shell. It returns nil
// if none of them says what the system is called.
func osRelease(text string) *image.Distro {
	d := &image.Distro{}
	name := ""
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		value = strings.Map(printable, unquote(value))
		switch key {
		case "ID":
			d.ID = value
		case "ID_LIKE":
			d.Like = strings.Fields(value)
		case "VERSION_ID":
			d.Version = value
		case "VERSION_CODENAME":
			d.Codename = value
		case "PRETTY_NAME":
			d.Name = value
		case "NAME":
			name = value
		}
	}
	if d.Name == "" {
		d.Name = name
	}
	if d.ID == "" && d.Name == "" {
		return nil
	}
	if d.ID == "" {
		d.ID = "linux" // what os-release(5) says to assume
	}
	return d
}

// printable drops control characters, which could do harm on a terminal.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// unquote takes a shell's quotes off a value.
func unquote(s string) string {
	if len(s) < 2 || s[0] != s[len(s)-1] {
		return s
	}
	switch s[0] {
	case '\'':
		return s[1 : len(s)-1]
	case '"':
		return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(s[1 : len(s)-1])
	}
	return s
}

// oldReleases are the names that stand before " release " in files older than
// os-release, and the ids that os-release gives the same distros.
var oldReleases = map[string]string{
	"CentOS":                               "centos",
	"CentOS Linux":                         "centos",
	"Oracle Linux Server":                  "ol",
	"Red Hat Enterprise Linux":             "rhel",
	"Red Hat Enterprise Linux Server":      "rhel",
	"Red Hat Enterprise Linux Workstation": "rhel",
}

// oldRelease reads a line like "CentOS release 6.10 (Final)". A distro that it
// does not know is left to os-release.
func oldRelease(text string) *image.Distro {
	text = strings.Map(printable, strings.TrimSpace(text))
	name, rest, _ := strings.Cut(text, " release ")
	version, _, _ := strings.Cut(rest, " ")
	id := oldReleases[name]
	if id == "" || version == "" {
		return nil
	}
	return &image.Distro{ID: id, Version: version, Name: text}
}
