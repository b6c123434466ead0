package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// gitlabTest is a report as a reader of it sees it.
type gitlabTest struct {
	Scan struct {
		Status   string
		Messages []gitlabMessage
	}
	Vulnerabilities []struct {
		gitlabEntry
		Location struct {
			Dependency         gitlabDependency
			Image              string
			File               string
			DefaultBranchImage string `json:"default_branch_image"`
		} `json:"location"`
	}
}

func readGitLab(t *testing.T, format string, r *result.Result, o Options) gitlabTest {
	t.Helper()
	report := render(t, format, r, o)
	fits(t, format, report)
	var g gitlabTest
	if err := json.Unmarshal(report, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// tracked is by what GitLab knows a vulnerability again: the first identifier,
// and the location's fingerprint, which is made of the image's name up to the
// last colon and the package's name, or of the file.
func (g gitlabTest) tracked() []string {
	var keys []string
	for _, v := range g.Vulnerabilities {
		image := v.Location.Image
		if v.Location.DefaultBranchImage != "" {
			image = v.Location.DefaultBranchImage
		}
		image = image[:max(strings.LastIndex(image, ":"), 0)]
		keys = append(keys, fmt.Sprint(v.Identifiers[0].Type, v.Identifiers[0].Value, " ", image, " ", v.Location.Dependency.Package.Name, v.Location.File))
	}
	return keys
}

func harmlessGitLab(t *testing.T, report []byte, _ Options, _ string) {
	fits(t, "gitlab", report)
	harmlessStrings(t, report)
	harmlessInGitLab(t, report)
}

// harmlessStrings: people see every character, and GitLab's database takes it.
func harmlessStrings(t *testing.T, report []byte) {
	d := json.NewDecoder(bytes.NewReader(report))
	for token, err := d.Token(); err == nil; token, err = d.Token() {
		s, _ := token.(string)
		for _, r := range strings.ReplaceAll(s, "\n\n", "") {
			if !visible(r) || r == utf8.RuneError {
				t.Fatalf("%U in %q", r, s)
			}
		}
	}
}

// harmlessInGitLab: descriptions and solutions are Markdown, in which the
// image's text is in code spans; identifiers are put into Markdown as they are.
func harmlessInGitLab(t *testing.T, report []byte) {
	var g gitlabTest
	if err := json.Unmarshal(report, &g); err != nil {
		t.Fatal(err)
	}
	for _, v := range g.Vulnerabilities {
		for _, text := range []string{v.Description, v.Solution} {
			d := parseMarkdown([]byte(text))
			prose := regexp.MustCompile(`probability of its exploitation within 30 days is [0-9.]+% `).ReplaceAllString(d.prose, "")
			if len(d.odd)+len(d.links) > 0 || !unsigned.MatchString(prose) || strings.Contains(prose, "www.") {
				t.Errorf("markup of the image's in %q", text)
			}
			for _, block := range d.blocks {
				if !strings.HasSuffix(block, "Document") && !strings.HasSuffix(block, "Paragraph") {
					t.Errorf("a block of kind %s in %q", block, text)
				}
			}
		}
		for _, id := range v.Identifiers {
			if !regexp.MustCompile(`^[A-Za-z0-9:._%…-]+$`).MatchString(id.Name+id.Value) || strings.HasPrefix(id.Name, "_") {
				t.Errorf("the identifier %q is not plain", id.Name)
			}
		}
	}
}

// TestGitLabSaysWhereTheRestIs: what one report leaves to the other is said.
func TestGitLabSaysWhereTheRestIs(t *testing.T) {
	for format, want := range map[string]string{
		"gitlab":         "1 finding of other kinds: see Layergate's report gitlab-secrets",
		"gitlab-secrets": "9 findings of other kinds: see Layergate's report gitlab",
	} {
		g := readGitLab(t, format, shop(), Options{})
		if got := g.Scan.Messages[len(g.Scan.Messages)-1].Value; got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
}

// TestGitLabNeverLooksClean: what was not scanned, and a verdict that no
// finding explains, are entries of their own.
func TestGitLabNeverLooksClean(t *testing.T) {
	failed := clean()
	failed.Failed = "opening web.tar: no such file"
	failed.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Reason: failed.Failed, Subject: "web.tar", Layer: -1}} // as a scan has it
	failed.Verdict = result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1, Reasons: []string{failed.Failed}}
	accepted := broken()
	accepted.Verdict = result.Verdict{Action: finding.Alert}
	noRule := clean()
	noRule.Verdict = result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1, Reasons: []string{"no rule matches"}}
	stale := clean()
	stale.Verdict = result.Verdict{Action: finding.Block, ExitCode: 2, Reasons: []string{"the index is 400 days old"}}

	for _, test := range []struct {
		r                        *result.Result
		status, severity, say    string
		entries, secrets, issues int
		issue                    string
	}{
		{clean(), "success", "", "", 0, 0, 0, ""},
		{broken(), "failure", "Critical", "unexpected end of the gzip stream", 3, 1, 3, "blocker"},
		{accepted, "success", "Unknown", "unexpected end of the gzip stream", 3, 1, 3, "major"},
		{failed, "failure", "Critical", "opening web.tar: no such file", 1, 1, 1, "blocker"},
		{noRule, "failure", "Critical", "no rule matches", 1, 1, 1, "blocker"},
		{stale, "success", "Critical", "the index is 400 days old", 1, 0, 1, "blocker"},
	} {
		g, s := readGitLab(t, "gitlab", test.r, Options{}), readGitLab(t, "gitlab-secrets", test.r, Options{})
		issues := readCodeQuality(t, test.r)
		if g.Scan.Status != test.status || s.Scan.Status != test.status || !strings.Contains(fmt.Sprint(g.Scan.Messages), test.say) {
			t.Errorf("%q: status %s and %s, messages %q", test.say, g.Scan.Status, s.Scan.Status, g.Scan.Messages)
		}
		if len(g.Vulnerabilities) != test.entries || len(s.Vulnerabilities) != test.secrets || len(issues) != test.issues {
			t.Fatalf("%q: %d, %d and %d entries", test.say, len(g.Vulnerabilities), len(s.Vulnerabilities), len(issues))
		}
		for i, v := range g.Vulnerabilities {
			if v.Severity != test.severity || issues[i].Severity != test.issue {
				t.Errorf("%q: severity %s, and %s as an issue", test.say, v.Severity, issues[i].Severity)
			}
		}
	}
}
