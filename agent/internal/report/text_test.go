package report

import "testing"

func harmlessText(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
