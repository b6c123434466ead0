package report

import (
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
)

func harmlessGitLabSecrets(t *testing.T, report []byte, _ Options, _ string) {
	fits(t, "gitlab-secrets", report)
	harmlessStrings(t, report)
	harmlessInGitLab(t, report)
}

// TestGitLabSecret: a secret is by its file in the image, and where it is in
// the Dockerfile is in the details.
func TestGitLabSecret(t *testing.T) {
	r := shop()
	r.Findings[9].Layer = 3
	r.Findings = append(r.Findings, finding.Finding{Kind: finding.Secret, ID: "aws-access-key", Path: "root/.aws/credentials", Layer: -1})
	g := readGitLab(t, "gitlab-secrets", r, Options{})
	if len(g.Vulnerabilities) != 2 {
		t.Fatalf("%d entries", len(g.Vulnerabilities))
	}
	v := g.Vulnerabilities[0]
	if at := v.Details["dockerfile"]; v.Location.File != "etc/shop/.env" || at.FileName != "web/Dockerfile" || at.LineStart != 7 {
		t.Errorf("file %q, Dockerfile %+v", v.Location.File, at)
	}
}
