package report

import "testing"

func harmlessGitLab(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
