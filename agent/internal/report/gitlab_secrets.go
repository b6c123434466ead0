package report

import (
	"io"
	"slices"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// gitlabFile is a location in a secret detection report.
type gitlabFile struct {
	File   string `json:"file"`
	Commit struct {
		SHA string `json:"sha"`
	} `json:"commit"`
}

// noCommit stands where a secret is in no commit, as in the reports of GitLab's
// own analyzer for files outside of git: the schema wants one.
const noCommit = "0000000"

// writeGitLabSecrets writes secrets. The file is the one in the image, as
// GitLab tells secrets apart by it; the Dockerfile's line is in the details. No
// result says in which line of the file a secret is, or what its value is.
func writeGitLabSecrets(w io.Writer, r *result.Result, _ Options) error {
	report := gitlabPart{
		scanType: "secret_detection", otherFormat: "gitlab",
		has:   func(k finding.Kind) bool { return k == finding.Secret },
		tells: func(n notice) bool { return !slices.Contains(noSecretsThere, n.id) },
		locate: func(name, _ string) any {
			at := gitlabFile{File: clipName(name, maxImage)}
			at.Commit.SHA = noCommit
			return at
		},
	}.report(r)
	if len(report.Vulnerabilities) == 0 {
		report.Scan.say("warn", notLookedFor)
	}
	return writeGitLabJSON(w, report)
}

// notLookedFor keeps an empty report from looking clean. It goes when scans
// look for secrets.
const notLookedFor = "this version of Layergate does not look for secrets: that none are here means nothing"

// noSecretsThere are the notices that leave open no question about secrets.
var noSecretsThere = []string{"gap-" + string(finding.Undecided), "gap-" + string(finding.Unknowable), "image-blocked"}
