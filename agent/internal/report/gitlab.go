package report

import (
	"encoding/json"
	"io"
	"slices"
	"unicode/utf8"

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
//   - gaps, failures and verdicts without a finding: entries in gitlab too.
//     They are messages of the scan as well, but GitLab does not say that it
//     shows those to anybody. Gaps that could hide a secret are in
//     gitlab-secrets too.
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
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	Description string             `json:"description"` // Markdown
	Severity    string             `json:"severity"`
	Solution    string             `json:"solution,omitempty"` // Markdown
	Identifiers []gitlabIdentifier `json:"identifiers"`
	Vectors     []gitlabVector     `json:"cvss_vectors,omitempty"`
	Links       []gitlabLink       `json:"links,omitempty"`
	Location    any                `json:"location"` // gitlabPackage or gitlabFile
	Details     gitlabDetails      `json:"details,omitempty"`
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
	at := gitlabPackage{OperatingSystem: operatingSystem(r), Image: gitlabImage(r), DefaultBranchImage: EscapeTerminal(o.DefaultBranchImage)}
	tooLong := utf8.RuneCountInString(at.DefaultBranchImage) > maxBranchImage
	if tooLong {
		at.DefaultBranchImage = ""
	}
	report := gitlabPart{
		scanType: "container_scanning", otherFormat: "gitlab-secrets",
		has:   func(k finding.Kind) bool { return k != finding.Secret },
		tells: func(notice) bool { return true },
		locate: func(name, version string) any {
			at := at
			at.Dependency.Package.Name, at.Dependency.Version = clipName(name, maxPackage), clipName(version, maxVersion)
			return at
		},
	}.report(r)
	if tooLong {
		report.Scan.say("warn", "the image of the default branch is left out: its name has more than 255 characters")
	}
	return writeGitLabJSON(w, report)
}

// gitlabPart is what one of GitLab's types of report has of a result.
type gitlabPart struct {
	scanType    string
	otherFormat string // which has the rest
	has         func(finding.Kind) bool
	tells       func(notice) bool
	locate      func(name, version string) any // the location of a package, or of a file that stands in its place
}

func (p gitlabPart) report(r *result.Result) gitlabReport {
	ns := slices.DeleteFunc(notices(r), func(n notice) bool { return !p.tells(n) })
	report := gitlabReport{Version: gitlabSchema, Scan: newGitLabScan(r, p.scanType, ns), Vulnerabilities: []gitlabEntry{}}
	for i := range ns {
		report.Vulnerabilities = append(report.Vulnerabilities, ns[i].entry(r, p.locate))
	}
	merged, elsewhere := mergeFindings(r, p.has)
	for i := range merged {
		report.Vulnerabilities = append(report.Vulnerabilities, merged[i].entry(r, p.locate))
	}
	if elsewhere > 0 {
		report.Scan.say("info", count(elsewhere, "finding")+" of other kinds: see Layergate's report "+p.otherFormat)
	}
	return report
}

// writeGitLabJSON writes plain JSON: markup in strings is no danger in a file
// of its own, and people read "&&" more easily than its escape.
func writeGitLabJSON(w io.Writer, report any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(report)
}
