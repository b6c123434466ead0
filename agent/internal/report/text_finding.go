package report

import (
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
)

// finding writes one finding: its verdict, severity, id and subject in the
// first line, and below that every fact that is known.
func (t *plainText) finding(f *finding.Finding) {
	t.paragraph(2, 4, plain, fmt.Sprintf("[%s] %s %s", actionWord(f.Verdict.Action), f.Severity, title(f)))
	const indent = 6
	t.fact(indent, "why", f.Verdict.Reason)
	t.fact(indent, "decided by", f.Verdict.Rule)
	t.fact(indent, "fix", fixInWords(f))
	if p := f.Package; p != nil {
		t.fact(indent, "package", p.PURL)
		if p.Source != "" && p.Source != p.Name {
			t.fact(indent, "built from", p.Source)
		}
		if l, ok := layerAt(t.result, p.FirstLayer); ok && p.FirstLayer != f.Layer {
			t.fact(indent, "first installed in", layerName(l.Index, l.Origin))
		}
	}
	t.fact(indent, "file", f.Path)
	if f.KnownExploited {
		t.fact(indent, "exploited", "it is known to be (CISA's catalogue)")
	}
	if f.EPSS != nil {
		t.fact(indent, "probability of exploitation within 30 days", fmt.Sprintf("%.2f %% (EPSS)", 100**f.EPSS))
	}
	t.fact(indent, "severity said by", f.SeveritySource)
	if r, ok := cvss(f, "CVSS_V4", "CVSS_V3", "CVSS_V2"); ok {
		t.fact(indent, "CVSS", fmt.Sprintf("%.1f, %s (%s)", r.Score, r.Vector, r.Source))
	}
	if !f.Published.IsZero() {
		t.fact(indent, "published", day(f.Published))
	}
	t.facts(indent, "also known as", f.Aliases)
	t.fact(indent, "see", Link(f.ID))
	t.fact(indent, "fingerprint", f.Fingerprint)
}

// fixInWords is the versions to take and since when, or why there is none.
func fixInWords(f *finding.Finding) string {
	fix, isVersion := fixOf(f)
	if !isVersion {
		return fix
	}
	fix = strings.Join(f.FixedIn, ", ")
	if !f.FixDate.IsZero() {
		said := "since "
		if f.FixFirstSeen {
			said = "first seen "
		}
		fix += " (" + said + day(f.FixDate) + ")"
	}
	return fix
}
