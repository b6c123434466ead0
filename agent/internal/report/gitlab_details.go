package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// maxRows is how many places of one entry its table has.
const maxRows = 100

// gitlabDetail is one of GitLab's "detail" elements; Type says which fields it
// has. Name is for those that are not inside another.
type gitlabDetail struct {
	Name      string           `json:"name,omitempty"`
	Type      string           `json:"type"`
	Value     any              `json:"value,omitempty"`
	FileName  string           `json:"file_name,omitempty"`
	LineStart int              `json:"line_start,omitempty"`
	LineEnd   int              `json:"line_end,omitempty"`
	Items     []gitlabDetail   `json:"items,omitempty"`
	Header    []gitlabDetail   `json:"header,omitempty"`
	Rows      [][]gitlabDetail `json:"rows,omitempty"`
}

func textDetail(s string) gitlabDetail {
	return gitlabDetail{Type: "text", Value: EscapeTerminal(s)}
}

func (d gitlabDetail) called(name string) gitlabDetail {
	d.Name = name
	return d
}

// gitlabDetails is what GitLab shows of an entry besides its own fields.
type gitlabDetails map[string]gitlabDetail

// text adds a text, if there is one.
func (d gitlabDetails) text(key, name, value string) {
	if value != "" {
		d[key] = textDetail(value).called(name)
	}
}

// dockerfile adds where a layer's instruction stands, if that is known.
func (d gitlabDetails) dockerfile(l result.Layer) {
	if l.Dockerfile != nil {
		d["dockerfile"] = fileDetail(*l.Dockerfile).called("Dockerfile")
	}
}

func (g *gitlabFinding) details(r *result.Result) gitlabDetails {
	f := &r.Findings[g.worst]
	details := gitlabDetails{"layers": g.table(r).called("Layers")}
	details.text("verdict", "Verdict", actionWord(f.Verdict.Action))
	details.text("reason", "Reason", f.Verdict.Reason)
	details.text("severity_source", "Severity according to", f.SeveritySource)
	if f.Package != nil {
		details.text("fixed_in", "Fixed in", fixes(f))
		details.text("source_package", "Source package", f.Package.Source)
	}
	if f.KnownExploited {
		details.text("known_exploited", "Known to be exploited", "yes, it is in CISA's catalogue")
	}
	if f.EPSS != nil {
		details.text("epss", "EPSS", percent(*f.EPSS)+" within 30 days")
	}
	if l, ok := layerAt(r, f.Layer); ok {
		details.dockerfile(l)
	}
	return details
}

// fixes is every version that fixes it, or why there is none.
func fixes(f *finding.Finding) string {
	if fix, isVersion := fixOf(f); !isVersion {
		return fix
	}
	return strings.Join(f.FixedIn, ", ")
}

func fileDetail(p result.Place) gitlabDetail {
	return gitlabDetail{Type: "file-location", FileName: cmp.Or(EscapeTerminal(p.Path), "Dockerfile"), LineStart: p.Line, LineEnd: p.EndLine}
}

// table has a row for each place: which layer brought it in, and by which
// instruction. Columns that would be empty are left out.
func (g *gitlabFinding) table(r *result.Result) gitlabDetail {
	var rows [][]gitlabDetail
	for _, i := range g.places[:min(len(g.places), maxRows)] {
		rows = append(rows, placeRow(r, &r.Findings[i]))
	}
	if n := len(g.places) - maxRows; n > 0 {
		row := slices.Repeat([]gitlabDetail{textDetail("")}, len(rows[0]))
		row[0] = textDetail(andMore(n))
		rows = append(rows, row)
	}
	t := gitlabDetail{Type: "table", Rows: make([][]gitlabDetail, len(rows))}
	for column, heading := range []string{"Layer", "Instruction", "Dockerfile", "Digest", "Version", "File", "Verdict"} {
		if !slices.ContainsFunc(rows, func(row []gitlabDetail) bool { return row[column].Value != "" }) {
			continue
		}
		t.Header = append(t.Header, textDetail(heading))
		for i, row := range rows {
			t.Rows[i] = append(t.Rows[i], row[column])
		}
	}
	return t
}

func placeRow(r *result.Result, f *finding.Finding) []gitlabDetail {
	name, at, by := noLayer, textDetail(""), textDetail("")
	l, ok := layerAt(r, f.Layer)
	if ok {
		name = layerName(f.Layer, l.Origin)
		by = gitlabDetail{Type: "code", Value: EscapeTerminal(instruction(l))}
		if l.Dockerfile != nil {
			at = fileDetail(*l.Dockerfile)
		}
	}
	version := ""
	if p := f.Package; p != nil {
		version = p.Version
		if first, ok := layerAt(r, p.FirstLayer); ok && p.FirstLayer != f.Layer {
			name += "; first installed in " + layerName(p.FirstLayer, first.Origin)
		}
	}
	return []gitlabDetail{
		textDetail(name), by, at, textDetail(cmp.Or(l.Digest, l.DiffID)),
		textDetail(version), textDetail(f.Path), textDetail(actionWord(f.Verdict.Action)),
	}
}
