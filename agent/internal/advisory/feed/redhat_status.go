package feed

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// redhatStatement is one thing that a document says: the status of one product,
// and what else it has about that product by its id.
type redhatStatement struct {
	redhatProduct
	status string
	day    time.Time        // on which the erratum came out, of a fixed one
	state  finding.FixState // of an affected one
	impact string
	scores []advisory.Severity
}

// The statuses in Red Hat's documents
// (https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/#product-fix-status).
const (
	vexFixed         = "fixed"
	vexAffected      = "known_affected"
	vexNotAffected   = "known_not_affected"
	vexInvestigation = "under_investigation"
)

// vexStatuses has them in an order in which the worst comes last, and counts,
// where a product has several against CSAF's rules.
var vexStatuses = []string{vexNotAffected, vexInvestigation, vexFixed, vexAffected}

// redhatRecord is what a vulnerability is to the packages of Red Hat
// Enterprise Linux. What is left out is counted once a document, since a
// single one may name thousands of products that are.
func redhatRecord(v *csafVulnerability, tree productTree, out Sink) advisory.Record {
	statements, fine, skipped := redhatStatements(v, tree)
	redhatDetails(v, statements)
	r := advisory.Record{ID: "REDHAT-" + v.CVE, Aliases: []string{v.CVE}}
	for _, group := range redhatGroups(statements, fine, skipped) {
		r.Affected = append(r.Affected, redhatAffected(group))
	}
	for _, reason := range sortedKeys(skipped) {
		out.Skip(reason, v.CVE)
	}
	liftSeverities(&r)
	return r
}

// redhatStatements are the statements about packages of Red Hat Enterprise
// Linux by product id, and the packages that are not affected.
func redhatStatements(v *csafVulnerability, tree productTree) (statements map[string]*redhatStatement, fine map[redhatPackage]bool, skipped map[string]bool) {
	statements = make(map[string]*redhatStatement)
	fine, skipped = make(map[redhatPackage]bool), make(map[string]bool)
	for status := range v.Status {
		if !slices.Contains(vexStatuses, status) {
			skipped["bad record: an unknown status"] = true
		}
	}
	for _, status := range vexStatuses {
		for _, id := range v.Status[status] {
			p, reason := tree.product(id)
			switch {
			case reason != "":
			case status == vexNotAffected:
				reason = "not affected"
				fine[p.redhatPackage] = true
			case status != vexFixed:
				statements[id] = &redhatStatement{redhatProduct: p, status: status, state: finding.NotFixed}
			case p.whole:
				reason = "a module as a whole, beside its packages"
			case p.version == "":
				reason = "bad record: fixed in no version"
			case debugging(p.name):
				reason = "debugging symbols"
			default:
				statements[id] = &redhatStatement{redhatProduct: p, status: status}
			}
			if reason != "" {
				skipped[reason] = true
			}
		}
	}
	return statements, fine, skipped
}

// debugging says that a package has nothing to run: what a debugger needs for
// other packages. Red Hat names those of fixed packages only.
func debugging(name string) bool {
	return strings.HasSuffix(name, "-debuginfo") || strings.HasSuffix(name, "-debugsource") ||
		strings.Contains(name, "-debuginfo-common")
}

// redhatDetails adds what the document says of products in other places.
func redhatDetails(v *csafVulnerability, statements map[string]*redhatStatement) {
	for _, r := range v.Remediations {
		for _, id := range r.Products {
			s := statements[id]
			switch {
			case s == nil:
			case r.Category == "no_fix_planned" && s.status == vexAffected: // "Will not fix", "Out of support scope"
				s.state = finding.WillNotFix
			case r.Category == "vendor_fix" && s.day.IsZero():
				t, _ := day(r.Date) // a bad date is no date
				s.day = t.UTC().Truncate(24 * time.Hour)
			}
		}
	}
	for _, t := range v.Threats {
		impact := strings.ToLower(t.Details)
		if t.Category != "impact" || impacts[impact] == 0 {
			continue
		}
		for _, id := range t.Products {
			if s := statements[id]; s != nil {
				s.impact = impact
			}
		}
	}
	for _, score := range v.Scores {
		var list []advisory.Severity
		for _, s := range []struct{ method, vector string }{{"CVSS_V4", score.V4.Vector}, {"CVSS_V3", score.V3.Vector}, {"CVSS_V2", score.V2.Vector}} {
			if fits(s.vector) {
				list = append(list, advisory.Severity{Source: "Red Hat", Method: s.method, Score: s.vector})
			}
		}
		for _, id := range score.Products {
			if s := statements[id]; s != nil {
				s.scores = list
			}
		}
	}
}

// impacts ranks Red Hat's ratings
// (https://access.redhat.com/security/updates/classification/).
var impacts = map[string]int{"low": 1, "moderate": 2, "important": 3, "critical": 4}

// redhatGroups sorts the statements into those about one package each, in the
// order of releases and names.
//
// Red Hat names source packages beside the binary ones that are built of
// them. Images have binary packages, so a source package stands back where a
// binary one says the same: it has its name, or came out in the same version.
// Where only the source is named, which happens in old documents and in the
// newer form, it stands for the binary package of its name.
func redhatGroups(statements map[string]*redhatStatement, fine map[redhatPackage]bool, skipped map[string]bool) [][]*redhatStatement {
	type build struct{ release, module, version string }
	groups := make(map[redhatPackage][]*redhatStatement)
	binaries := make(map[build]bool) // of a version, and of any
	for p := range fine {
		if !p.source {
			binaries[build{p.release, p.module, ""}] = true
		}
	}
	for _, id := range sortedKeys(statements) {
		s := statements[id]
		groups[s.redhatPackage] = append(groups[s.redhatPackage], s)
		if !s.source {
			binaries[build{s.release, s.module, ""}] = true
			binaries[build{s.release, s.module, s.version}] = true
		}
	}
	for p, group := range groups {
		if !p.source {
			continue
		}
		binary := p
		binary.source = false
		built := func(s *redhatStatement) bool {
			return s.version != "" && binaries[build{s.release, s.module, s.version}]
		}
		if groups[binary] != nil || fine[binary] || slices.ContainsFunc(group, built) {
			delete(groups, p)
		} else if !binaries[build{p.release, p.module, ""}] {
			skipped["binary packages that are not named, only their source"] = true
		}
	}
	list := make([][]*redhatStatement, 0, len(groups))
	for _, group := range groups {
		list = append(list, group)
	}
	slices.SortFunc(list, func(a, b []*redhatStatement) int {
		p, q := a[0].redhatPackage, b[0].redhatPackage
		return cmp.Or(cmp.Compare(len(p.release), len(q.release)), cmp.Compare(p.release, q.release),
			cmp.Compare(p.name, q.name), cmp.Compare(p.module, q.module))
	})
	return list
}
