package feed

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Oracle Linux's errata (ELSA) in OVAL, as published at
// https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2, and in
// the same form for a release (-ol9) or a year (-2024). OVAL is specified at
// https://oval.mitre.org/language/version5.11/; Oracle describes its files in
// https://docs.oracle.com/en/operating-systems/oracle-linux/9/oscap/.
//
// A file is definitions, then the tests, objects and states that their criteria
// refer to, half of its 250 MB. Every criterion says in its comment what its
// test, object and state say ("bind-libs is earlier than 30:9.3.3-8.el5"), in
// one of a few forms. The comments are read, definition by definition, and
// nothing needs to be kept; what is in none of the forms is counted.
type ovalDefinition struct {
	ID         string          `xml:"id,attr"`
	References []ovalReference `xml:"metadata>reference"`
	Advisory   struct {
		Severity string    `xml:"severity"`
		Issued   xmlDate   `xml:"issued"`
		CVEs     []ovalCVE `xml:"cve"`
	} `xml:"metadata>advisory"`
	Criteria ovalCriteria `xml:"criteria"`
}

type ovalReference struct {
	Source string `xml:"source,attr"` // CVE, else of the erratum itself: elsa, a few times elba
	ID     string `xml:"ref_id,attr"`
}

// ovalCVE has scores before its vectors: "5.5/CVSS:3.1/AV:L/…".
type ovalCVE struct {
	ID    string `xml:",chardata"`
	CVSS2 string `xml:"cvss2,attr"`
	CVSS3 string `xml:"cvss3,attr"`
}

var oraclePath = regexp.MustCompile(`(?:^|/)oracle/com\.oracle\.elsa-[a-z0-9]+\.xml(?:\.bz2)?$`)

func claimOracle(p string) (string, bool) { return "Oracle Linux", oraclePath.MatchString(p) }

func readOracle(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	x, err := openXML(fsys, u.Path)
	if err != nil {
		return err
	}
	defer x.close()
	if err := x.root("oval_definitions", "a file of OVAL definitions"); err != nil {
		return err
	}
	for {
		start, err := x.child()
		if err != nil {
			return err
		}
		switch {
		case start == nil:
			return broken(u.Path, errors.New("no definitions in it"))
		case start.Name.Local == "definitions":
			if err := oracleDefinitions(ctx, x, u, out); err != nil {
				return err
			}
			return x.rest(ctx, "oval_definitions")
		case start.Name.Local == "generator":
			var generator struct {
				Time string `xml:"timestamp"`
			}
			if err := x.decode(&generator, start); err != nil {
				return err
			}
			if t, err := time.Parse("2006-01-02T15:04:05", generator.Time); err == nil {
				out.Date(t)
			}
		default:
			if err := x.pass(); err != nil {
				return err
			}
		}
	}
}

func oracleDefinitions(ctx context.Context, x *xmlFile, u Unit, out Sink) error {
	for found := 0; ; found++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		start, err := x.child()
		if err != nil {
			return err
		}
		if start == nil {
			if found == 0 {
				return broken(u.Path, errors.New("no definitions in it"))
			}
			return nil
		}
		var definition ovalDefinition
		if err := x.decode(&definition, start); err != nil {
			return err
		}
		r, problem := definition.record(u.Source, out)
		if problem != "" {
			out.Skip(problem, definition.ID)
			continue
		}
		if err := out.Record(r); err != nil {
			return err
		}
	}
}

// record is the advisory of one definition, or why there is none.
func (d *ovalDefinition) record(source string, out Sink) (r *advisory.Record, problem string) {
	r = &advisory.Record{Feed: source}
	cves := d.cves()
	for _, ref := range d.References {
		if ref.Source == "CVE" {
			cves = append(cves, ref.ID)
		} else if r.ID == "" {
			r.ID = ref.ID
		}
	}
	if !fits(r.ID) {
		return nil, "bad record: no id"
	}
	nameCVEs(r, cves)
	if len(r.Aliases)+len(r.Upstream) == 0 && !strings.HasPrefix(r.ID, "ELSA-") {
		return nil, "no vulnerability: a bug fix or enhancement"
	}
	issued, err := day(d.Advisory.Issued.Date)
	switch {
	case err != nil:
		out.Skip("bad date", r.ID)
	case !issued.IsZero():
		out.Date(issued)
	}
	r.Published, r.Modified = issued, issued
	builds, problem := d.Criteria.builds()
	if problem != "" {
		out.Skip(problem, r.ID)
	}
	if len(builds) == 0 {
		return nil, "names no affected versions"
	}
	r.Affected = affectedBy(builds, issued)
	r.Severities = addWord(d.vectors(r, source), source, d.Advisory.Severity)
	return r, ""
}

func (d *ovalDefinition) cves() []string {
	var ids []string
	for _, cve := range d.Advisory.CVEs {
		ids = append(ids, strings.TrimSpace(cve.ID))
	}
	return ids
}

// vectors are the CVSS vectors of an erratum with a single vulnerability. Those
// of one with several rate none of its packages as a whole.
func (d *ovalDefinition) vectors(r *advisory.Record, source string) []advisory.Severity {
	if len(d.Advisory.CVEs) != 1 || len(r.Aliases) != 1 {
		return nil
	}
	var list []advisory.Severity
	cve := d.Advisory.CVEs[0]
	for _, v := range []struct{ method, scored string }{{"CVSS_V3", cve.CVSS3}, {"CVSS_V2", cve.CVSS2}} {
		if _, vector, ok := strings.Cut(v.scored, "/"); ok && fits(vector) {
			list = append(list, advisory.Severity{Source: source, Method: v.method, Score: vector})
		}
	}
	return list
}
