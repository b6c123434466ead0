package report

import (
	"slices"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
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

// An empty report says that nobody looked.
func TestGitLabSecretsNotLookedFor(t *testing.T) {
	for want, r := range map[bool]*result.Result{true: clean(), false: shop()} {
		g := readGitLab(t, "gitlab-secrets", r, Options{})
		got := slices.ContainsFunc(g.Scan.Messages, func(m gitlabMessage) bool { return m.Value == notLookedFor })
		if got != want {
			t.Errorf("%d entries, messages %+v", len(g.Vulnerabilities), g.Scan.Messages)
		}
	}
}
