package report

import (
	"net/url"
	"regexp"
	"strings"
)

// advisoryPages says where an advisory's own publisher shows it, by the start
// of its id. The first entry that fits counts; %s is what follows cut.
var advisoryPages = []struct{ prefix, cut, page string }{
	{"CVE-", "", "https://nvd.nist.gov/vuln/detail/%s"},
	{"GHSA-", "", "https://github.com/advisories/%s"},
	{"GO-", "", "https://pkg.go.dev/vuln/%s"},
	{"RUSTSEC-", "", "https://rustsec.org/advisories/%s.html"},
	{"DEBIAN-CVE-", "DEBIAN-", "https://security-tracker.debian.org/tracker/%s"},
	{"DSA-", "", "https://security-tracker.debian.org/tracker/%s"},
	{"DLA-", "", "https://security-tracker.debian.org/tracker/%s"},
	{"ALPINE-CVE-", "ALPINE-", "https://security.alpinelinux.org/vuln/%s"},
	{"UBUNTU-CVE-", "UBUNTU-", "https://ubuntu.com/security/%s"},
	{"USN-", "", "https://ubuntu.com/security/notices/%s"},
	{"RHSA-", "", "https://access.redhat.com/errata/%s"},
	{"", "", "https://osv.dev/vulnerability/%s"},
}

// advisoryID is what ids of advisories look like; RHSA's have a colon.
var advisoryID = regexp.MustCompile(`^[A-Z]{2,16}-[A-Za-z0-9:._-]{1,64}$`)

// Link is the web page of a vulnerability, by its id, or "" when the id is not
// one that has a page (a private x_ id, or something hostile). The result is
// made of URL characters only.
func Link(id string) string {
	if !advisoryID.MatchString(id) {
		return ""
	}
	for _, p := range advisoryPages {
		if strings.HasPrefix(id, p.prefix) {
			return strings.Replace(p.page, "%s", url.PathEscape(strings.TrimPrefix(id, p.cut)), 1)
		}
	}
	return ""
}
