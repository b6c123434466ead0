package report

import "testing"

func harmlessSARIF(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
