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

	Template           string // the text of the format template
	DefaultBranchImage string // the image of the default branch, for GitLab; may be empty
}

// DefaultWidth is how many columns a table takes when nobody says: what the
// log pages of GitLab and Jenkins show without a scroll bar.
const DefaultWidth = 120

// Format is one way to write a result. It has one of Write and Files.
type Format struct {
	Name        string // as in --output
	Description string // a few words for --help
	Write       func(w io.Writer, r *result.Result, o Options) error
	Files       func(r *result.Result, o Options) ([]File, error) // for a report that is a folder
}

// File is one file of a report that is a folder. A reader starts with the last.
type File struct {
	Name string // without a folder
	Data []byte
}

// Formats is every format, in the order in which --help lists them.
var Formats = []Format{
	{Name: "table", Description: "for people: findings by layer, the verdict last", Write: writeTable},
	{Name: "text", Description: "the same for a file or a mail: plain, complete", Write: writeText},
	{Name: "json", Description: "the whole result (docs/result.schema.json)", Write: writeJSON},
	{Name: "sarif", Description: "SARIF 2.1.0, for code scanning pages", Write: writeSARIF},
	{Name: "junit", Description: "JUnit XML: a suite for each layer", Write: writeJUnit},
	{Name: "gitlab", Description: "GitLab container scanning", Write: writeGitLab},
	{Name: "gitlab-secrets", Description: "GitLab secret detection", Write: writeGitLabSecrets},
	{Name: "codequality", Description: "GitLab Code Quality, which every tier shows", Write: writeCodeQuality},
	{Name: "cyclonedx", Description: "CycloneDX 1.6: a bill of materials with vulnerabilities", Write: writeCycloneDX},
	{Name: "spdx", Description: "SPDX 2.3: a bill of materials", Write: writeSPDX},
	{Name: "html", Description: "the layer explorer: one page that needs nothing else", Write: writeHTML},
	{Name: "html-dir", Description: "the same page with its stylesheet beside it: html-dir=FOLDER", Files: htmlFiles},
	{Name: "markdown", Description: "a summary for merge requests and job pages", Write: writeMarkdown},
	{Name: "template", Description: "by a Go template of your own: --template FILE", Write: writeTemplate},
}

// Names lists the formats.
func Names() []string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = f.Name
	}
	return names
}

// Find returns the format of a name; the error lists them all.
func Find(name string) (Format, error) {
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("unknown report format %q (want one of: %s)", name, strings.Join(Names(), ", "))
}
