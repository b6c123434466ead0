package report

import "testing"

func harmlessCodeQuality(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
