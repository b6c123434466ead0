package report

import "testing"

func harmlessJUnit(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
