package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v2/sarif"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// sarifRunOf is the run of a result's SARIF, as the library reads it.
func sarifRunOf(t *testing.T, r *result.Result) *sarif.Run {
	t.Helper()
	return parseSARIF(t, render(t, "sarif", r, Options{}))
}

func parseSARIF(t *testing.T, report []byte) *sarif.Run {
	t.Helper()
	log, err := sarif.FromBytes(report)
	if err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || log.Schema == "" || len(log.Runs) != 1 {
		t.Fatalf("version %q, schema %q, %d runs", log.Version, log.Schema, len(log.Runs))
	}
	return log.Runs[0]
}

func samples() map[string]*result.Result {
	return map[string]*result.Result{"shop": shop(), "clean": clean(), "broken": broken(), "crowded": crowded()}
}

func harmlessSARIF(t *testing.T, report []byte, _ Options, s string) {
	for i, r := range string(report) {
		if r != '\n' && !unicode.IsPrint(r) || r == utf8.RuneError && utf8.ValidString(s) {
			t.Fatalf("%U at byte %d: JSON is printed on terminals too", r, i)
		}
	}
	run := parseSARIF(t, report)
	acceptedByGitHub(t, run)
	messages := make([]*sarif.Message, 0, len(run.Results))
	for _, res := range run.Results {
		messages = append(messages, &res.Message)
	}
	for _, n := range run.Invocations[0].ToolExecutionNotifications {
		messages = append(messages, n.Message)
	}
	for _, m := range messages {
		if strings.Contains(*m.Text, "](") {
			t.Errorf("a message with a link of the image's: %q", *m.Text)
		}
	}
	for _, rule := range run.Tool.Driver.Rules {
		if rule.Help.Markdown != nil {
			harmlessMarkdownHelp(t, *rule.Help.Markdown)
		}
	}
}

// harmlessMarkdownHelp renders help as GitHub does: the only markup may be ours.
func harmlessMarkdownHelp(t *testing.T, help string) {
	t.Helper()
	var page bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(help), &page); err != nil {
		t.Fatal(err)
	}
	outside := regexp.MustCompile(`(?s)<code>.*?</code>`).ReplaceAllString(page.String(), "")
	outside = regexp.MustCompile(`</?(p|ul|li)>|<a href="https://[a-z.]+/[!-~]+">|</a>`).ReplaceAllString(outside, "")
	if strings.ContainsAny(outside, "<>@|`*[") {
		t.Errorf("markup of the image's: %s\nfrom: %s", outside, help)
	}
}

// TestQuoteCode: a reader sees the text, in one piece of code, and nothing else.
func TestQuoteCode(t *testing.T) {
	for _, s := range []string{"a", "`", "``", "a`b", "`@all`", "a``b`c", " a ", " ", "", "`` ` ```", `\` + "`"} {
		var page bytes.Buffer
		if err := goldmark.Convert([]byte("x "+quoteCode(s)+" y"), &page); err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(`^<p>x <code>([^<]*)</code> y</p>\n$`).FindStringSubmatch(page.String())
		if m == nil || strings.TrimSpace(html.UnescapeString(m[1])) != strings.TrimSpace(s) {
			t.Errorf("%q is shown as %s", s, page.String())
		}
	}
}

// TestSARIFEveryFinding: none is left out, and the level is the verdict's.
func TestSARIFEveryFinding(t *testing.T) {
	r := crowded()
	want, got := make(map[string]int), make(map[string]int)
	for _, f := range r.Findings {
		id := f.ID
		if f.Kind == finding.Secret {
			id = "secret:" + id
		}
		want[id+" "+map[finding.Action]string{finding.Block: "error", finding.Alert: "warning", finding.Ignore: "note"}[f.Verdict.Action]]++
	}
	run := sarifRunOf(t, r)
	for _, res := range run.Results {
		got[*res.RuleID+" "+*res.Level]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-findings +results):\n%s", diff)
	}
	if !slices.IsSortedFunc(run.Results, func(a, b *sarif.Result) int {
		order := []string{"error", "warning", "note"}
		return slices.Index(order, *a.Level) - slices.Index(order, *b.Level)
	}) {
		t.Error("the worst do not come first")
	}
}

// gitHubGrade is how GitHub's documentation translates security-severity.
func gitHubGrade(score float64) finding.Severity {
	switch {
	case score >= 9:
		return finding.Critical
	case score >= 7:
		return finding.High
	case score >= 4:
		return finding.Medium
	case score > 0:
		return finding.Low
	}
	return finding.Unknown
}

// TestSARIFGrades: whatever a CVSS score says, GitHub shows our severity.
func TestSARIFGrades(t *testing.T) {
	for _, s := range finding.Severities {
		for _, score := range []float64{-1, 0, 0.1, 3.9, 4, 6.9, 6.95, 7, 8.9, 8.96, 9, 9.8, 10} {
			r := shop()
			r.Findings = r.Findings[6:7]
			f := &r.Findings[0]
			f.Severity = s
			f.Ratings[0].Score = score
			if score < 0 {
				f.Ratings = nil
			}
			own, _ := sarifRunOf(t, r).Tool.Driver.Rules[0].Properties["security-severity"].(string)
			number, _ := strconv.ParseFloat(own, 64)
			want := s
			if s == finding.Negligible {
				want = finding.Low // GitHub has nothing below it
			}
			if got := gitHubGrade(number); got != want {
				t.Errorf("%s with score %.2f: security-severity %q, which is %s to GitHub", s, score, own, got)
			}
			if score > 0 && gitHubGrade(score) == want && s != finding.Negligible && own != fmt.Sprintf("%.1f", min(score, grades[s].to)) {
				t.Errorf("%s with score %.2f: security-severity %q, and the score would do", s, score, own)
			}
		}
	}
}

func TestSARIFLocations(t *testing.T) {
	r := shop()
	r.Layers[5].Dockerfile = &result.Place{Path: "a b/Docker%file#1", Line: 3, EndLine: 9}
	r.Findings[0].Path = "var/lib/dpkg/status"
	places := make(map[string]string)
	for _, res := range sarifRunOf(t, r).Results {
		at := res.Locations[0].PhysicalLocation
		places[*res.RuleID] = fmt.Sprintf("%s %s %d-%d", *at.ArtifactLocation.URIBaseId, *at.ArtifactLocation.URI, *at.Region.StartLine, *at.Region.EndLine)
	}
	for id, want := range map[string]string{
		"CVE-2021-44228":        "%SRCROOT% web/Dockerfile 7-7",
		"secret:aws-access-key": "%SRCROOT% a%20b/Docker%25file%231 3-9",
		"CVE-2023-28319":        "IMAGEROOT registry.example.com/shop/web 1-1",
	} {
		if places[id] != want {
			t.Errorf("%s is at %q, want %q", id, places[id], want)
		}
	}
}

func TestRelativeURI(t *testing.T) {
	for path, want := range map[string]string{
		"usr/lib/a b.jar":    "usr/lib/a%20b.jar",
		"/etc/passwd":        "etc/passwd",
		"//host/share":       "host/share",
		"../../etc/passwd":   "etc/passwd",
		"javascript:alert()": "javascript%3Aalert%28%29",
		"C:/x":               "C%3A/x",
		"a?b#c%20":           "a%3Fb%23c%2520",
		"\xff\n":             "%FF%0A",
		"日本":                 "%E6%97%A5%E6%9C%AC",
		"":                   "",
		"/":                  "",
		".":                  "",
	} {
		if got := relativeURI(path); got != want {
			t.Errorf("relativeURI(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestSARIFCategory(t *testing.T) {
	for _, c := range []struct{ name, location, want string }{
		{"registry.example.com:5000/shop/web:1.2", "", "registry.example.com:5000/shop/web/linux/amd64/"},
		{"registry.example.com/shop/web:1.2@" + digest("d1"), "", "registry.example.com/shop/web/linux/amd64/"},
		{"web", "", "web/linux/amd64/"},
		{"localhost:5000/web", "", "localhost:5000/web/linux/amd64/"},
		{"/builds/4711/web.tar", "/builds/4711/web.tar", "web.tar/linux/amd64/"},
		{"oci-archive:out/web.tar:1.2", "out/web.tar", "web.tar/linux/amd64/"},
		{"", "", "image/linux/amd64/"},
	} {
		r := clean()
		r.Image.Name, r.Image.Location = c.name, c.location
		if got := *sarifRunOf(t, r).AutomationDetails.ID; got != c.want {
			t.Errorf("%s: category %q, want %q", c.name, got, c.want)
		}
	}
}

// TestSARIFFingerprints: another build of the same Dockerfile has the same
// alerts, though its layers and versions are others. Two findings that share a
// fingerprint are two alerts.
func TestSARIFFingerprints(t *testing.T) {
	prints := func(r *result.Result) []any {
		var list []any
		for _, res := range sarifRunOf(t, r).Results {
			list = append(list, maps.Clone(res.PartialFingerprints))
		}
		return list
	}
	before := prints(crowded())
	r := crowded()
	r.Image.Digest, r.Image.ID, r.Image.Name = digest("77"), digest("78"), "registry.example.com/shop/web:1.3"
	for i := range r.Layers {
		l := &r.Layers[i]
		l.Digest, l.DiffID, l.Size = digest(fmt.Sprint("7", i)), digest(fmt.Sprint("8", i)), l.Size+1
	}
	r.Layers[0].Instruction = "ADD file:" + digest("f2")[len("sha256:"):] + " in /"
	for i := range r.Findings {
		if p := r.Findings[i].Package; p != nil {
			old := p.Version
			p.Version += "u2"
			p.PURL = strings.ReplaceAll(p.PURL, old, p.Version)
			r.Findings[i].Path = strings.ReplaceAll(r.Findings[i].Path, "-"+old+".jar", "-"+p.Version+".jar")
		}
	}
	sign(r)
	if diff := cmp.Diff(before, prints(r)); diff != "" {
		t.Errorf("(-one build +the next):\n%s", diff)
	}

	r = shop()
	r.Findings = append(r.Findings, r.Findings[6])
	acceptedByGitHub(t, sarifRunOf(t, r))
}

// rawSuppressions are what the file itself says; the library reads null as empty.
func rawSuppressions(t *testing.T, r *result.Result) map[string]string {
	t.Helper()
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID       string
				Suppressions json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(render(t, "sarif", r, Options{}), &log); err != nil {
		t.Fatal(err)
	}
	said := make(map[string]string)
	for _, res := range log.Runs[0].Results {
		var b bytes.Buffer
		if err := json.Compact(&b, res.Suppressions); err != nil {
			t.Fatalf("%s: %v", res.RuleID, err)
		}
		said[res.RuleID] = b.String()
	}
	return said
}

// TestSARIFSuppressions: an exception suppresses, a rule that ignores does not.
func TestSARIFSuppressions(t *testing.T) {
	said := rawSuppressions(t, shop())
	const exception = `[{"kind":"external","status":"accepted","justification":"exception by payments until 2027-01-01: not reachable"}]`
	for id, want := range map[string]string{"CVE-2023-28319": exception, "CVE-2010-4756": "[]", "CVE-2021-44228": "[]"} {
		if said[id] != want {
			t.Errorf("%s: suppressions %s, want %s", id, said[id], want)
		}
	}
}

// failedScan is a scan that was broken off: the failure is a gap too.
func failedScan() *result.Result {
	r := clean()
	r.Failed, r.Verdict = "connection reset", result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}
	r.Incomplete = []finding.Gap{{Kind: finding.Unreadable, Subject: "web", Reason: r.Failed, Layer: -1}}
	return r
}

// acceptedGaps is a scan with gaps that the policy accepts.
func acceptedGaps() *result.Result {
	r := broken()
	r.Verdict = result.Verdict{Action: finding.Alert}
	return r
}

// blockedWhole is an image that blocks though no finding does.
func blockedWhole() *result.Result {
	r := clean()
	r.Verdict = result.Verdict{Action: finding.Block, ExitCode: 2, Reasons: []string{"the advisories are 40 days old"}}
	return r
}

// TestSARIFNeverLooksClean: GitHub reads results only, so there must be one.
func TestSARIFNeverLooksClean(t *testing.T) {
	for _, c := range []struct {
		name          string
		r             *result.Result
		rule, level   string
		says          string
		successful    bool
		notifications int
	}{
		{"broken", broken(), "incomplete-scan", "error", "14 gaps: unknown: no advisories for the ecosystem Hex", false, 16},
		{"failed", failedScan(), "incomplete-scan", "error", "could not be completed: connection reset", false, 1},
		{"gaps that the policy accepts", acceptedGaps(), "incomplete-scan", "warning", "more may be wrong", false, 16},
		{"blocked as a whole", blockedWhole(), "blocked-image", "error", "40 days old", true, 0},
	} {
		run := sarifRunOf(t, c.r)
		acceptedByGitHub(t, run)
		if len(run.Results) != 1 || *run.Results[0].RuleID != c.rule || *run.Results[0].Level != c.level || !strings.Contains(*run.Results[0].Message.Text, c.says) {
			t.Errorf("%s: the results are %v", c.name, run.Results)
		}
		i := run.Invocations[0]
		if *i.ExecutionSuccessful != c.successful || *i.ExitCode != c.r.Verdict.ExitCode || len(i.ToolExecutionNotifications) != c.notifications {
			t.Errorf("%s: successful %v, exit code %d, %d notifications", c.name, *i.ExecutionSuccessful, *i.ExitCode, len(i.ToolExecutionNotifications))
		}
		for _, n := range i.ToolExecutionNotifications {
			if n.Level != "error" {
				t.Errorf("%s: a gap with level %s", c.name, n.Level)
			}
		}
	}
	if run := sarifRunOf(t, clean()); len(run.Results) != 0 || !*run.Invocations[0].ExecutionSuccessful {
		t.Errorf("a clean image has %d results", len(run.Results))
	}
}
