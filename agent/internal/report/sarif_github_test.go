package report

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v2/sarif"
)

// acceptedByGitHub is what GitHub documents of the SARIF that code scanning
// takes: required properties, which must not be empty; limits; forms of values.
// https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
func acceptedByGitHub(t *testing.T, run *sarif.Run) {
	t.Helper()
	driver := run.Tool.Driver
	if driver.Name == "" {
		t.Error("the tool has no name")
	}
	if n := len(run.Results); n > 25_000 {
		t.Errorf("%d results", n)
	}
	if n := len(driver.Rules); n > 25_000 {
		t.Errorf("%d rules", n)
	}
	if id := *run.AutomationDetails.ID; !strings.HasSuffix(id, "/") {
		t.Errorf("the category %q has a part that GitHub takes for the id of a run", id)
	}
	ids := make(map[string]bool)
	for _, rule := range driver.Rules {
		ruleAccepted(t, rule)
		if ids[rule.ID] {
			t.Errorf("two rules %s", rule.ID)
		}
		ids[rule.ID] = true
	}
	prints := make(map[string]bool)
	for i, res := range run.Results {
		resultAccepted(t, res)
		if id := driver.Rules[*res.RuleIndex].ID; id != *res.RuleID {
			t.Errorf("results[%d]: ruleId %s, but ruleIndex is that of %s", i, *res.RuleID, id)
		}
		hash, _ := res.PartialFingerprints["primaryLocationLineHash"].(string)
		if hash == "" || prints[hash] {
			t.Errorf("results[%d]: primaryLocationLineHash %q is empty or another's", i, hash)
		}
		prints[hash] = true
	}
}

func ruleAccepted(t *testing.T, rule *sarif.ReportingDescriptor) {
	t.Helper()
	if rule.ID == "" || utf8.RuneCountInString(*rule.Name) > 255 || *rule.Name == "" {
		t.Errorf("rule %q is named %q", rule.ID, *rule.Name)
	}
	for what, text := range map[string]*string{"shortDescription": rule.ShortDescription.Text, "fullDescription": rule.FullDescription.Text} {
		if n := utf8.RuneCountInString(*text); n == 0 || n > 1024 {
			t.Errorf("%s: %s has %d characters", rule.ID, what, n)
		}
	}
	if *rule.Help.Text == "" {
		t.Errorf("%s: no help", rule.ID)
	}
	if !slices.Contains([]string{"note", "warning", "error"}, rule.DefaultConfiguration.Level) {
		t.Errorf("%s: level %q", rule.ID, rule.DefaultConfiguration.Level)
	}
	if tags, _ := rule.Properties["tags"].([]any); len(tags) > 10 || !slices.Contains(tags, any("security")) {
		t.Errorf("%s: tags %v", rule.ID, tags)
	}
	if p := rule.Properties["precision"]; !slices.Contains([]any{"very-high", "high", "medium", "low"}, p) {
		t.Errorf("%s: precision %v", rule.ID, p)
	}
	if s := rule.Properties["problem.severity"]; !slices.Contains([]any{"error", "warning", "recommendation"}, s) {
		t.Errorf("%s: problem.severity %v", rule.ID, s)
	}
	if s, ok := rule.Properties["security-severity"]; ok {
		text, _ := s.(string)
		if score, err := strconv.ParseFloat(text, 64); err != nil || score <= 0 || score > 10 {
			t.Errorf("%s: security-severity %v", rule.ID, s)
		}
	}
}

func resultAccepted(t *testing.T, res *sarif.Result) {
	t.Helper()
	if *res.Message.Text == "" || len(res.Locations) != 1 || !slices.Contains([]string{"note", "warning", "error"}, *res.Level) {
		t.Fatalf("a result with level %q, %d locations and the message %q", *res.Level, len(res.Locations), *res.Message.Text)
	}
	at := res.Locations[0].PhysicalLocation
	file, err := url.Parse(*at.ArtifactLocation.URI)
	if err != nil || file.Scheme != "" || file.Host != "" || file.RawQuery != "" || file.Fragment != "" ||
		file.Path == "" || strings.HasPrefix(file.Path, "/") || slices.Contains(strings.Split(file.Path, "/"), "..") {
		t.Errorf("the URI %q is not a relative path: %v", *at.ArtifactLocation.URI, err)
	}
	if *at.Region.StartLine < 1 || *at.Region.StartColumn < 1 || *at.Region.EndLine < *at.Region.StartLine {
		t.Errorf("lines %d to %d", *at.Region.StartLine, *at.Region.EndLine)
	}
}

func TestSARIFGitHub(t *testing.T) {
	for name, r := range samples() {
		t.Run(name, func(t *testing.T) { acceptedByGitHub(t, sarifRunOf(t, r)) })
	}
}
