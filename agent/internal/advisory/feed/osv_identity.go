package feed

import (
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Errata announce rebuilt packages; all other records are each about one
// vulnerability. The prefixes are those of the schema's list of databases:
// AlmaLinux, Rocky, Red Hat, SUSE and openSUSE, Ubuntu, Debian and its long-term
// supports, openEuler, Mageia, Photon.
var (
	osvErrata = regexp.MustCompile(`^(?:(?:AL|RL|RX|RH)[SBE]A|(?:open)?SUSE-[SRFO]U|USN|LSN|DSA|DLA|DTSA|ELA|OESA|MGASA|MGAA|PHSA)-`)
	osvRepair = regexp.MustCompile(`^(?:(?:AL|RL|RX|RH)[BE]A|(?:open)?SUSE-[RFO]U|MGAA)-`) // of bugs, if no vulnerability is named
)

// malicious is who rates packages that are malware
// (https://github.com/ossf/malicious-packages).
const malicious = "OpenSSF malicious packages"

// identify fills the record's other ids, or says why there is no need for the
// record.
//
// OSV's `upstream` are vulnerabilities that the record passes on. One is
// another name of it; so are several where each database is named once, as in
// Chainguard's records ("CVE-2025-32464", "GHSA-frg5-h47x-75j9"). Otherwise
// each is a vulnerability of its own. `related` says nothing of the kind,
// except in errata, some of which name there what they fix.
func (c *conversion) identify(r *advisory.Record) (problem string) {
	upstream, aliases := c.doc.Upstream, c.doc.Aliases
	if c.erratum {
		if len(upstream) == 0 {
			upstream = c.doc.Related
		}
		// What an erratum fixes is no other name of it, wherever it says so.
		upstream, aliases = slices.Concat(upstream, aliases), nil
	}
	upstream = withoutRestated(appendNew(nil, r.ID, upstream))
	r.Aliases = appendNew(nil, r.ID, aliases)
	if len(upstream)+len(r.Aliases) == 0 && osvRepair.MatchString(r.ID) {
		return "no vulnerability: a bug fix or enhancement"
	}
	if len(upstream) == 1 || !c.erratum && oneOfEach(upstream) {
		r.Aliases = appendNew(r.Aliases, r.ID, upstream)
	} else {
		r.Upstream = upstream
	}
	sort.Strings(r.Aliases)
	sort.Strings(r.Upstream)
	return ""
}

// withoutRestated drops a distro's name of a CVE that is in the list itself:
// Ubuntu's notices name both CVE-2024-6387 and UBUNTU-CVE-2024-6387.
func withoutRestated(ids []string) []string {
	cves := make(map[string]bool)
	for _, id := range ids {
		cves[id] = IsCVE(id)
	}
	return slices.DeleteFunc(ids, func(id string) bool {
		_, cve, ok := strings.Cut(id, "-")
		return ok && cves[cve]
	})
}

// oneOfEach says whether no two ids are of the same database.
func oneOfEach(ids []string) bool {
	seen := make(map[string]bool)
	for _, id := range ids {
		database, _, _ := strings.Cut(id, "-")
		if seen[database] {
			return false
		}
		seen[database] = true
	}
	return true
}

// module is the rpm module stream whose builds end the ranges, "nodejs:18".
// No record has a field for it; errata of modular builds name the stream in
// their summary. Where they name two ("virt:rhel and virt-devel:rhel"),
// nothing says which build is of which.
func (c *conversion) module(ranges []advisory.Range) string {
	if !c.erratum || !modular(ranges) {
		return ""
	}
	stream := ""
	for word := range strings.FieldsSeq(c.doc.Summary) {
		word = strings.Trim(word, ",;:()")
		if !osvStream.MatchString(word) || word == c.doc.ID || word == stream {
			continue
		}
		if stream != "" {
			return ""
		}
		stream = word
	}
	return stream
}

var osvStream = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.+-]*:[A-Za-z0-9_.+-]+$`)

// modular says whether a range ends with a build of a module: its release
// holds ".module+el8" (Red Hat, Rocky) or ".module_el8" (AlmaLinux).
func modular(ranges []advisory.Range) bool {
	for _, r := range ranges {
		for _, e := range r.Events {
			if strings.Contains(e.Version, ".module+el") || strings.Contains(e.Version, ".module_el") {
				return true
			}
		}
	}
	return false
}

// fixDates are the days of the fixed versions. An erratum is published when
// its packages are; other records are published whenever somebody wrote them.
func (c *conversion) fixDates(published time.Time, ranges []advisory.Range) []advisory.FixDate {
	if !c.erratum || published.IsZero() {
		return nil
	}
	day := published.Truncate(24 * time.Hour)
	var list []advisory.FixDate
	for _, r := range ranges {
		for _, e := range r.Events {
			if e.Kind == advisory.Fixed {
				list = append(list, advisory.FixDate{Version: e.Version, Day: day})
			}
		}
	}
	return list
}
