package report

import "testing"

func harmlessCycloneDX(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
