package report

import "testing"

func harmlessMarkdown(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
