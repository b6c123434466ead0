package report

import (
	"encoding/json"
	"io"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// This file and its neighbours write GitLab's security reports. The shape is
// that of GitLab's security report schemas, container scanning and secret
// detection, version 15.2.1. GitLab refuses a whole report for one value that
// does not fit, so every length and pattern is kept whatever an image says.
//
// GitLab knows a finding again, from branch to branch and build to build, by
// the report's type, the first identifier, and the location: for container
// scanning the image's name without its tag, and the package's name. Of two
// entries that agree in these it keeps one. So there is one entry for a CVE and
// a package, whatever the versions and places; a table in its details has them
// all. (GitLab's documentation, "Security scanner integration", and its class
// Gitlab::Ci::Reports::Security::Locations::ContainerScanning.)
//
// Where things go, so that nothing is lost:
//   - secrets: gitlab-secrets, which GitLab shows as what they are
//   - all other kinds: gitlab. GitLab has no report of its own for them; where
//     there is no package, the file stands in its place
//   - gaps, failures and verdicts without a finding: entries in gitlab too, as
//     GitLab stores a report's messages but shows nobody them. Those that could
//     hide a secret are in gitlab-secrets as well.
//
// Severities are those that were found. The verdict is in the details: it is
// the policy's, and does not make a vulnerability graver or lighter.

const gitlabSchema = "15.2.1"

type gitlabReport struct {
	Version         string        `json:"version"`
	Scan            gitlabScan    `json:"scan"`
	Vulnerabilities []gitlabEntry `json:"vulnerabilities"`
}

type gitlabEntry struct {
	ID          string                  `json:"id"`
	Name        string                  `json:"name"`
	Description string                  `json:"description"` // Markdown
	Severity    string                  `json:"severity"`
	Solution    string                  `json:"solution,omitempty"` // Markdown
	Identifiers []gitlabIdentifier      `json:"identifiers"`
	Vectors     []gitlabVector          `json:"cvss_vectors,omitempty"`
	Links       []gitlabLink            `json:"links,omitempty"`
	Location    any                     `json:"location"` // gitlabPackage or gitlabFile
	Details     map[string]gitlabDetail `json:"details,omitempty"`
}

// gitlabPackage is a location in a container scanning report.
type gitlabPackage struct {
	Dependency         gitlabDependency `json:"dependency"`
	OperatingSystem    string           `json:"operating_system"`
	Image              string           `json:"image"`
	DefaultBranchImage string           `json:"default_branch_image,omitempty"`
}

type gitlabDependency struct {
	Package struct {
		Name string `json:"name"`
	} `json:"package"`
	Version string `json:"version"`
}

func writeGitLab(w io.Writer, r *result.Result, o Options) error {
	at := gitlabPackage{OperatingSystem: operatingSystem(r), Image: gitlabImage(r)}
	branch, messages := defaultBranchImage(o)
	at.DefaultBranchImage = branch
	locate := func(name, version string) any {
		at := at
		at.Dependency.Package.Name, at.Dependency.Version = clipName(name, maxPackage), clipName(version, maxVersion)
		return at
	}
	report := newGitLabReport(r, "container_scanning", notices(r), locate, func(k finding.Kind) bool { return k != finding.Secret })
	report.Scan.Messages = append(report.Scan.Messages, messages...)
	return writeGitLabJSON(w, report)
}

// newGitLabReport makes a report of the findings of some kinds. locate makes a
// location of a package or file and its version.
func newGitLabReport(r *result.Result, scanType string, ns []notice, locate func(name, version string) any, has func(finding.Kind) bool) gitlabReport {
	report := gitlabReport{Version: gitlabSchema, Scan: newGitLabScan(r, scanType, ns), Vulnerabilities: []gitlabEntry{}}
	for i := range ns {
		report.Vulnerabilities = append(report.Vulnerabilities, ns[i].entry(r, locate))
	}
	merged, elsewhere := mergeFindings(r, has)
	for i := range merged {
		report.Vulnerabilities = append(report.Vulnerabilities, merged[i].entry(r, locate))
	}
	if elsewhere > 0 {
		report.Scan.say("info", count(elsewhere, "finding")+" of other kinds: see Layergate's report "+otherReport(scanType))
	}
	return report
}

func otherReport(scanType string) string {
	if scanType == "container_scanning" {
		return "gitlab-secrets"
	}
	return "gitlab"
}

// writeGitLabJSON writes plain JSON: markup in strings is no danger in a file
// of its own, and people read "&&" more easily than its escape.
func writeGitLabJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(report)
}
