package report

import "testing"

func harmlessSPDX(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
