package report

import "testing"

func harmlessHTML(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }

func harmlessHTMLFiles(t *testing.T, report []byte, o Options, s string) { t.Error("not done") }
