package report

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// This file is what all formats say in the same words. Nothing in it is
// escaped: names, paths and instructions are an image's, and each format
// escapes in its own way.

// layerAt is a result's layer; false for one that cannot be named.
func layerAt(r *result.Result, index int) (result.Layer, bool) {
	if index < 0 || index >= len(r.Layers) {
		return result.Layer{Index: index}, false
	}
	return r.Layers[index], true
}

// noLayer stands where no layer can be named.
const noLayer = "no layer that can be named"

// layerTitle names a layer by its place and its instruction: "layer 3: COPY …".
func layerTitle(r *result.Result, index int) string {
	l, ok := layerAt(r, index)
	if !ok {
		return noLayer
	}
	return fmt.Sprintf("layer %d: %s", index, instruction(l))
}

// layerName names a layer by its place and origin: "layer 3 (app)".
func layerName(index int, origin image.Origin) string {
	if origin == image.OriginUnknown {
		return fmt.Sprintf("layer %d", index)
	}
	return fmt.Sprintf("layer %d (%s)", index, origin)
}

// instruction is a layer's instruction for people. The builder of old docker
// writes a checksum where a COPY's source was; its first digits will do. One
// that is too long is cut before anything else: an image's history may have
// megabytes, and they are said at every finding of the layer.
func instruction(l result.Layer) string {
	said := cutField(cmp.Or(l.Instruction, l.CreatedBy, "(history does not say how)"))
	return checksum.ReplaceAllString(said, "$1…")
}

var checksum = regexp.MustCompile(`\b([0-9a-f]{12})[0-9a-f]{52}\b`)

// place is a place in the sources as compilers write it, which terminals and
// editors turn into a link: "web/Dockerfile:7", "web/Dockerfile:7-9".
func place(p result.Place) string {
	if p.EndLine > p.Line {
		return fmt.Sprintf("%s:%d-%d", p.Path, p.Line, p.EndLine)
	}
	return fmt.Sprintf("%s:%d", p.Path, p.Line)
}

// subject is what a finding is about: a package and its version, or a file.
func subject(f *finding.Finding) string {
	if f.Package != nil {
		return strings.TrimSpace(f.Package.Name + " " + f.Package.Version)
	}
	return cmp.Or(f.Path, "the image")
}

// title names a finding in a few words: "CVE-2021-44228 in log4j-core 2.14.1".
func title(f *finding.Finding) string {
	if f.Kind == finding.Vulnerability {
		return f.ID + " in " + subject(f)
	}
	return kindWord(f.Kind) + " " + f.ID + " in " + subject(f)
}

// kindWord is a kind as it stands in a sentence: "weak password".
func kindWord(k finding.Kind) string { return strings.ReplaceAll(string(k), "-", " ") }

// solution says what to do about one finding, in a sentence.
func solution(r *result.Result, f *finding.Finding) string {
	where := layerTitle(r, f.Layer)
	switch fix, isVersion := fixOf(f); {
	case f.Package == nil:
		return fmt.Sprintf("Resolve it in %s.", where)
	case isVersion:
		return fmt.Sprintf("Upgrade %s from %s to %s in %s.", f.Package.Name, f.Package.Version, fix, where)
	case f.FixState == finding.WillNotFix:
		return fmt.Sprintf("The vendor will not fix it: remove or replace %s in %s.", f.Package.Name, where)
	case f.FixState == finding.NotFixed:
		return fmt.Sprintf("There is no fix yet: remove or replace %s in %s, or wait for one.", f.Package.Name, where)
	}
	return fmt.Sprintf("It is not known whether there is a fix for %s in %s.", f.Package.Name, where)
}

// remedy says what to change, in a sentence without an end.
func remedy(m result.Remedy) string {
	names := strings.Join(m.Packages, ", ")
	switch {
	case len(m.Packages) == 0:
		return fmt.Sprintf("resolve %s (%s)", strings.TrimSpace(kindWord(m.Kind)+" "+strings.Join(m.Paths, ", ")), strings.Join(m.IDs, ", "))
	case len(m.To) == 0:
		return fmt.Sprintf("no fixed version of %s is known for %s: remove or replace it, or add an exception with a reason",
			names, strings.Join(m.IDs, ", "))
	case len(m.To) == 1:
		return fmt.Sprintf("upgrade %s from %s to %s", names, m.From, m.To[0])
	}
	return fmt.Sprintf("upgrade %s from %s to the highest of %s", names, m.From, strings.Join(m.To, ", "))
}

// verdictWord is the image's verdict in capitals: it must be found without colours.
func verdictWord(v result.Verdict) string {
	switch {
	case v.ExitCode == 1:
		return "INCOMPLETE"
	case v.Action == finding.Block && v.Incomplete:
		return "BLOCK, and INCOMPLETE"
	case v.Action == finding.Alert:
		return "PASS, with alerts"
	}
	return strings.ToUpper(string(v.Action))
}

// cvss is the best rating with a CVSS vector of one of the methods, in the
// order of the methods: "CVSS_V4", "CVSS_V3", "CVSS_V2".
func cvss(f *finding.Finding, methods ...string) (finding.Rating, bool) {
	for _, m := range methods {
		i := slices.IndexFunc(f.Ratings, func(r finding.Rating) bool { return r.Method == m && r.Vector != "" })
		if i >= 0 {
			return f.Ratings[i], true
		}
	}
	return finding.Rating{}, false
}
