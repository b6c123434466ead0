package report

import "testing"

func harmlessGitLabSecrets(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
