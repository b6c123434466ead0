// Package report turns a result into what people and pipelines read: a table
// for a terminal or a build log, JSON for programmes, and so on, one file for
// each format and one entry for it in Formats.
//
// A report shows what the result says and decides nothing: the verdict is the
// policy's, and the same result gives the same bytes.
//
// Everything that comes from an image is hostile: package names, versions,
// instructions, paths, labels. Each format escapes all of it, in its own way;
// the conformance test runs every entry of Formats over a hostile result.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/result"
)

// Options is how a report should look; a format takes what applies to it. The
// zero value suits a file.
type Options struct {
	Color      bool // ANSI colours
	Hyperlinks bool // OSC 8 hyperlinks
	Width      int  // columns of the terminal; 0 is DefaultWidth
}

// DefaultWidth is how many columns a table takes when nobody says: what the
// log pages of GitLab and Jenkins show without a scroll bar.
const DefaultWidth = 120

// Format is one way to write a result.
type Format struct {
	Name        string // as in --output
	Description string // a few words for --help
	Write       func(w io.Writer, r *result.Result, o Options) error
}

// Formats is every format, in the order in which --help lists them.
var Formats = []Format{
	{Name: "table", Description: "for people: findings by layer, the verdict last", Write: writeTable},
	{Name: "json", Description: "the whole result (docs/result.schema.json)", Write: writeJSON},
}

// Names lists the formats.
func Names() []string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = f.Name
	}
	return names
}

// Check returns an error that lists the formats if there is none of that name.
func Check(format string) error {
	_, err := find(format)
	return err
}

// Write writes r to w in a format, which is one of Names. An error of w comes
// back as it is; the caller knows what w is.
func Write(w io.Writer, format string, r *result.Result, o Options) error {
	f, err := find(format)
	if err != nil {
		return err
	}
	return f.Write(w, r, o)
}

func find(format string) (Format, error) {
	for _, f := range Formats {
		if f.Name == format {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("unknown report format %q (want one of: %s)", format, strings.Join(Names(), ", "))
}
