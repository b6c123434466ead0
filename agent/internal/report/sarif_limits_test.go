package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
)

// TestSARIFNoGrade: GitHub takes a security-severity of more than 0 only, so a
// severity that nobody knows has none.
func TestSARIFNoGrade(t *testing.T) {
	r := shop()
	r.Findings = r.Findings[8:9]
	r.Findings[0].Severity, r.Findings[0].Ratings = finding.Unknown, nil
	if s, ok := sarifRunOf(t, r).Tool.Driver.Rules[0].Properties["security-severity"]; ok {
		t.Errorf("it is %v", s)
	}
}

// TestSARIFManyPlaces: a title names three packages and a help lists 20 places;
// both say how many more there are.
func TestSARIFManyPlaces(t *testing.T) {
	for n, want := range map[int]struct{ title, help string }{
		3: {"CVE-1 in p00, p01, p02", ""}, 4: {"CVE-1 in p00, p01, p02 and 1 more", ""},
		20: {" and 17 more", ""}, 21: {" and 18 more", "- and in 1 more\n"},
	} {
		r := clean()
		for i := range n {
			p := finding.Package{Type: "npm", Name: fmt.Sprintf("p%02d", i), Version: "1"}
			r.Findings = append(r.Findings, vuln(p, 0, "CVE-1", finding.Low, "", finding.Alert, "low", "x"))
		}
		sign(r)
		rule := sarifRunOf(t, r).Tool.Driver.Rules[0]
		title, help := *rule.ShortDescription.Text, *rule.Help.Text
		if !strings.HasSuffix(title, want.title) || !strings.Contains(help, want.help) || strings.Contains(help, "and in ") != (want.help != "") {
			t.Errorf("%d places: %s\n%s", n, title, help)
		}
	}
}

// TestSARIFGapWithoutReason: a gap is told though nobody said why.
func TestSARIFGapWithoutReason(t *testing.T) {
	r := clean()
	r.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Subject: "app.jar", Layer: -1}}
	run := sarifRunOf(t, r)
	if notes := run.Invocations[0].ToolExecutionNotifications; len(notes) != 1 || !strings.Contains(*notes[0].Message.Text, "app.jar") {
		t.Errorf("the notifications are %v", notes)
	}
	if len(run.Results) != 1 || !strings.Contains(*run.Results[0].Message.Text, "app.jar") {
		t.Errorf("the results are %+v", run.Results)
	}
}
