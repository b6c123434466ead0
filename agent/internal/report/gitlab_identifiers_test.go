package report

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
)

// TestGitLabIdentifiers: an id that two entries of one package share would make
// them one.
func TestGitLabIdentifiers(t *testing.T) {
	r := shop()
	for i := range r.Findings[6:9] { // three CVEs of log4j
		r.Findings[6+i].Aliases = []string{"USN-1-1", fmt.Sprintf("GHSA-%d", i)}
	}
	for i := range 30 {
		r.Findings[0].Aliases = append(r.Findings[0].Aliases, fmt.Sprintf("GHSA-%d", i), "odd @all [x](y)")
	}
	for _, v := range readGitLab(t, "gitlab", r, Options{}).Vulnerabilities {
		var ids, links []string
		for _, id := range v.Identifiers {
			ids = append(ids, id.Type+" "+id.Value)
		}
		for _, l := range v.Links {
			links = append(links, l.Name)
		}
		switch {
		case v.Name == "CVE-2021-45046 in org.apache.logging.log4j:log4j-core":
			if diff := cmp.Diff([]string{"cve CVE-2021-45046", "ghsa GHSA-1"}, ids); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"CVE-2021-45046", "USN-1-1", "GHSA-1"}, links); diff != "" {
				t.Error(diff)
			}
		case len(ids) == 20:
			if ids[0] != "cve CVE-2023-4911" || ids[2] != "layergate_vulnerability odd%20%40all%20%5Bx%5D%28y%29" {
				t.Errorf("got %q", ids)
			}
		}
	}
}

// TestGitLabVectors: one vector that GitLab does not take costs the report.
func TestGitLabVectors(t *testing.T) {
	f := finding.Finding{Ratings: []finding.Rating{
		{Source: "A", Method: "CVSS_V4", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},
		{Source: "", Method: "CVSS_V3", Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{Source: "B", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H"},
		{Source: "B", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{Source: "B", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{Source: "C", Method: "CVSS_V2", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:C"},
		{Source: "C", Method: "CVSS_V2", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:C/<b>"},
		{Source: "D", Method: "distro"},
	}}
	want := []gitlabVector{
		{"unknown", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{"B", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{"C", "AV:N/AC:L/Au:N/C:P/I:P/A:C"},
	}
	if diff := cmp.Diff(want, gitlabVectors(&f)); diff != "" {
		t.Error(diff)
	}
}
