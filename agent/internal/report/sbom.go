package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// This file is what the two bills of materials, CycloneDX and SPDX, share.
//
// Both list what is installed. What an upper layer removed or replaced is not:
// it is named at the image, since its bytes are still shipped, but whoever
// matches a bill of materials against advisories must not be told that it is
// there. Neither claims to be complete: no scan knows of a programme that was
// copied into an image without a trace of its name. One with gaps says so, and
// names them.

// bill is a result and what both formats need to know about it.
type bill struct {
	*result.Result
	image imageName
	ids   []string // of the packages, by their place; see packageIDs
	uuid  string   // see contentUUID

	installed map[installation]int // places in Packages
}

// installation is a package in one place.
type installation struct {
	purl, path string
	layer      int
}

func newBill(r *result.Result) (*bill, error) {
	uuid, err := contentUUID(r)
	if err != nil {
		return nil, err
	}
	b := &bill{Result: r, image: nameOf(r.Image), ids: packageIDs(r.Packages), uuid: uuid,
		installed: make(map[installation]int, 2*len(r.Packages))}
	for i, p := range r.Packages {
		for _, path := range []string{p.Path, ""} {
			at := installation{p.PURL, path, p.Layer}
			if _, taken := b.installed[at]; !taken {
				b.installed[at] = i
			}
		}
	}
	return b, nil
}

// packageOf is the place in Packages of what a finding is about; false where
// it is about no package, or about one that the inventory does not have.
func (b *bill) packageOf(f *finding.Finding) (int, bool) {
	if f.Package == nil {
		return 0, false
	}
	i, ok := b.installed[installation{f.Package.PURL, f.Path, f.Layer}]
	return i, ok
}

// shortfall says, for the top of a document, that it may lack something; ""
// where nothing is known to be missing.
func (b *bill) shortfall() string {
	said := ""
	switch n := len(b.Incomplete); {
	case n > 0:
		said = fmt.Sprintf("INCOMPLETE: %s could not be read or decided, so packages and findings may be missing", count(n, "thing"))
	case b.Verdict.Incomplete || b.Failed != "":
		said = "INCOMPLETE: packages and findings may be missing"
	}
	if b.Failed != "" {
		said += "; the scan failed: " + b.Failed
	}
	return cutField(said)
}

// gapLine is a gap on one line.
func (b *bill) gapLine(g finding.Gap) string {
	line := string(g.Kind)
	if l, ok := layerAt(b.Result, g.Layer); ok {
		line += " in " + layerName(l.Index, l.Origin)
	}
	line += ": " + g.Subject + ": " + g.Reason
	if len(g.IDs) > 0 {
		line += " (" + strings.Join(g.IDs, ", ") + ")"
	}
	return cutField(line)
}

// layerLine is a layer on one line; the instruction comes last, since it is
// what may be too long.
func layerLine(l result.Layer) string {
	line := layerName(l.Index, l.Origin)
	if l.DiffID != "" {
		line += ", " + l.DiffID
	}
	if l.Dockerfile != nil {
		line += ", " + place(*l.Dockerfile)
	}
	return cutField(line + ": " + instruction(l))
}

// removedLine is a removed package on one line.
func removedLine(p result.Removed) string {
	return cutField(fmt.Sprintf("%s, brought in by layer %d, removed or replaced by layer %d",
		cmp.Or(p.PURL, p.Name+"@"+p.Version), p.Layer, p.RemovedIn))
}

// maxLabels is how many labels of an image are written. Builders set a dozen.
const maxLabels = 100

// labelLines is an image's labels, sorted.
func labelLines(labels map[string]string) []string {
	var lines []string
	for i, key := range slices.Sorted(maps.Keys(labels)) {
		if i == maxLabels {
			return append(lines, fmt.Sprintf("…%d more", len(labels)-maxLabels))
		}
		lines = append(lines, cutField(key+"="+labels[key]))
	}
	return lines
}

// byException says whether an exception decided, and not the rule.
func (b *bill) byException(v finding.Verdict) bool {
	return v.Rule != "" && v.Rule != b.Policy.Rule
}

// maxField is how many bytes of one text are written: CycloneDX allows a
// version 1,024 characters, and nothing real has more.
const maxField = 960

// cutField cuts a text that is too long for a field, and says so.
func cutField(s string) string { return cutText(s, maxField) }

func cutText(s string, max int) string {
	if len(s) <= max {
		return s
	}
	kept := strings.ToValidUTF8(s[:max], "")
	return fmt.Sprintf("%s…[%d more bytes]", kept, len(s)-len(kept))
}

// writeLines writes JSON with a line for each value, so that it can be searched
// and compared, and without indentation: the two documents are deeply nested,
// it would be a third of them, and GitLab takes only a few MiB.
func writeLines(w io.Writer, doc []byte) error {
	var lines bytes.Buffer
	if err := json.Indent(&lines, doc, "", ""); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(lines.Bytes()))
	return err
}
