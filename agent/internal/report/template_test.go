package report

import "testing"

func harmlessTemplate(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
