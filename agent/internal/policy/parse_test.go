package policy

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/policies"
)

// day is a date as midnight UTC.
func day(t testing.TB, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Each archive has a policy.yaml and the problems that Parse must find in it,
// with line and column counted by hand.
func TestParseProblems(t *testing.T) {
	eachArchive(t, "testdata/parse/*.txtar", func(t *testing.T, policy []byte) []Problem {
		p, err := Parse(bytes.NewReader(policy), "policy.yaml")
		var problems Error
		if !errors.As(err, &problems) {
			t.Fatalf("error %v, want an Error", err)
		}
		if p != nil {
			t.Error("Parse returned a policy beside its problems")
		}
		return problems
	})
}

func TestCheckProblems(t *testing.T) {
	eachArchive(t, "testdata/check/*.txtar", func(t *testing.T, policy []byte) []Problem {
		if _, err := Parse(bytes.NewReader(policy), "policy.yaml"); err != nil {
			t.Fatalf("Parse refuses it: %v", err)
		}
		return Check(bytes.NewReader(policy), "policy.yaml", day(t, "2026-11-22").Add(15*time.Hour))
	})
}

func eachArchive(t *testing.T, pattern string, problems func(*testing.T, []byte) []Problem) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Files) != 2 || a.Files[0].Name != "policy.yaml" || a.Files[1].Name != "problems" {
				t.Fatal("want policy.yaml and problems")
			}
			got := ""
			for _, p := range problems(t, a.Files[0].Data) {
				got += p.String() + "\n"
			}
			if diff := cmp.Diff(string(a.Files[1].Data), got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// The policy of the design, every key of the language in it, parses into the
// types; only what is not in force yet is a problem.
func TestParseWholeLanguage(t *testing.T) {
	text, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, problems, err := parse(bytes.NewReader(text), "whole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if !strings.Contains(p.Message, "not supported yet") {
			t.Error(p)
		}
	}
	if len(problems) != 2 {
		t.Errorf("%d problems, want 2: grace-days and only-new", len(problems))
	}
	epss := 0.5
	const block, alert, ignore = finding.Block, finding.Alert, finding.Ignore
	type bySeverity = map[finding.Severity]finding.Action
	want := &Policy{
		Database: Database{MaxAge: 120 * time.Hour, WhenOlder: block},
		Rules: []Rule{{
			Position: Position{4, 5},
			Name:     "release images",
			Scope: Scope{
				Images: []string{"registry.example.com/shop/*"},
				Labels: map[string]string{"tier": "prod", "stage": "1"},
				Jobs:   []string{"release-*"},
			},
			Vulnerabilities: Vulnerabilities{
				Actions: Actions{By: bySeverity{finding.Critical: block, finding.High: block, finding.Medium: alert,
					finding.Low: alert, finding.Negligible: ignore, finding.Unknown: alert}},
				OnlyFixed:  true,
				BlockIf:    BlockIf{KnownExploited: true, EPSSAtLeast: &epss},
				BaseImage:  bySeverity{finding.Critical: block, finding.High: alert},
				MaxAllowed: map[finding.Severity]int{finding.Medium: 50},
				GraceDays:  map[finding.Severity]int{finding.Critical: 0, finding.High: 14},
				OnlyNew:    true,
			},
			Secrets:           Actions{All: block},
			Malware:           Actions{All: block},
			WeakPasswords:     Actions{All: block},
			Exposures:         Actions{By: bySeverity{finding.High: block, finding.Medium: alert}},
			Misconfigurations: Actions{By: bySeverity{finding.High: block, finding.Medium: alert, finding.Low: alert}},
			EndOfLifeDistro:   ignore,
			Incomplete:        alert,
		}},
		Exceptions: []Exception{{
			Position: Position{30, 5},
			ID:       "CVE-2024-0001",
			Packages: []string{"pkg:deb/debian/openssl*"},
			Images:   []string{"*"},
			Expires:  day(t, "2027-01-01"),
			Reason:   "not reachable",
			Owner:    "payments",
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What the policy does not say is set to what the documentation says.
func TestParseSilence(t *testing.T) {
	p, err := Parse(strings.NewReader("version: 1\nrules: [{name: a}]\n"), "p")
	if err != nil {
		t.Fatal(err)
	}
	want := &Policy{Rules: []Rule{{Position: Position{2, 9}, Name: "a", EndOfLifeDistro: finding.Alert, Incomplete: finding.Block}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p, err = Parse(strings.NewReader("version: 1\ndatabase: {max-age: 5d}\nrules: [{name: a}]\n"), "p")
	if err != nil {
		t.Fatal(err)
	}
	if want := (Database{MaxAge: 120 * time.Hour, WhenOlder: finding.Alert}); p.Database != want {
		t.Errorf("database %v, want %v", p.Database, want)
	}
}

// Aliases are for writing something once.
func TestParseAliases(t *testing.T) {
	p, err := Parse(strings.NewReader(`version: 1
rules:
  - {name: a, scope: {images: [a]}, vulnerabilities: &v {high: block}, secrets: &s block}
  - {name: b, vulnerabilities: *v, secrets: *s}
`), "p")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Rules[0].Vulnerabilities, p.Rules[1].Vulnerabilities); diff != "" {
		t.Error(diff)
	}
	if p.Rules[1].Secrets.All != finding.Block {
		t.Error("an alias of a scalar is lost")
	}
}

// A few bytes that stand for very much, or much of anything, end soon.
func TestParseBounds(t *testing.T) {
	star := func(n int, s string) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }
	for _, c := range []struct{ name, text, want string }{
		{"aliases of aliases", "version: 1\nrules: [{name: a, scope: &s {images: &i [" + star(1000, "x") + "]}}," +
			star(1000, "{name: b, scope: *s}") + "]", "p:2:"},
		{"an alias of itself", "version: 1\nrules: &r [*r, *r]", "p:2:12: a rule is a list: write a mapping (key: value)"},
		{"a billion laughs", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\nversion: 1\nrules: *b", "p:2:8: a rule is a list"},
		{"too large", "#" + strings.Repeat("x", maxBytes), "p:1:1: the policy is larger than 1024 KiB"},
		{"deep", strings.Repeat("[", 20000), "p:1:1: this is not YAML: exceeded max depth"},
		{"many problems", "version: 1\nrules: [" + star(500, "x") + "]", "more problems follow"},
		{"a long word", "version: 1\n" + strings.Repeat("x", 900) + ": 1", "p:2:1: the policy has no key \"xxx"},
		{"a long text", "version: 1\nrules: [{name: " + strings.Repeat("x", maxText+1) + "}]", "p:2:16: name is longer than 1000 bytes"},
	} {
		_, err := Parse(strings.NewReader(c.text), "p")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %.300v, want one with %q", c.name, err, c.want)
			continue
		}
		if len(err.Error()) > 20_000 {
			t.Errorf("%s: the error has %d bytes", c.name, len(err.Error()))
		}
		if lines := strings.Count(err.Error(), "\n") + 1; lines > maxProblems+1 {
			t.Errorf("%s: %d problems are reported", c.name, lines)
		}
	}
}

func TestParseReadError(t *testing.T) {
	broken := errors.New("no such device")
	_, err := Parse(iotest.ErrReader(broken), "p.yaml")
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "reading policy p.yaml") {
		t.Errorf("error %v", err)
	}
	problems := Check(iotest.ErrReader(broken), "p.yaml", time.Time{})
	if len(problems) != 1 || !strings.Contains(problems[0].String(), "no such device") {
		t.Errorf("problems %v", problems)
	}
}

func TestShippedPoliciesAreSound(t *testing.T) {
	for name, text := range map[string][]byte{"default": policies.Default, "strict": policies.Strict} {
		for _, p := range Check(bytes.NewReader(text), name+".yaml", time.Now()) {
			t.Error(p)
		}
	}
}

// Parse neither panics nor accepts what its types do not promise.
func FuzzParse(f *testing.F) {
	f.Add(string(policies.Default))
	f.Add(string(policies.Strict))
	whole, err := os.ReadFile("testdata/whole.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole))
	f.Add("version: 1\nrules: &r [{name: a, scope: {labels: {a: 1}}}, *r]\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(strings.NewReader(text), "p")
		if err != nil {
			if err.Error() == "" || p != nil {
				t.Errorf("policy %v, error %q", p, err)
			}
			return
		}
		for _, r := range p.Rules {
			if r.Name == "" || r.Incomplete != finding.Block && r.Incomplete != finding.Alert || r.Position.Line < 1 {
				t.Errorf("rule %+v", r)
			}
		}
		for _, e := range p.Exceptions {
			if e.ID == "" || e.Reason == "" || e.Owner == "" || e.Expires.IsZero() {
				t.Errorf("exception %+v", e)
			}
		}
		for _, problem := range Check(strings.NewReader(text), "p", time.Unix(0, 0)) {
			if problem.Line < 1 {
				t.Errorf("no place: %v", problem)
			}
		}
		Decide(p, Input{Image: "a", Findings: []finding.Finding{{ID: "x"}}})
	})
}

// The YAML parser names the line of the collection around a mistake; people
// need the line of the mistake.
func TestParseSyntaxLines(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"tab", "version: 1\nrules:\n  - name: a\n\tsecrets: block\n", "p:4:1: "},
		{"indentation", "version: 1\n\nrules:\n  - name: a\n   secrets: block\n# end\n", "p:5:1: "},
		{"quote", "version: 1\nrules:\n  - name: 'it's'\n", "p:3:1: "},
		{"no colon", "version: 1\nrules:\n  - name: a\nsecrets\n", "p:4:1: "},
		{"second document", "version: 1\nrules: [{name: a}]\n---\n]\n", "p:4:1: "},
		{"open bracket", "version: 1\nrules: [{name: a}\ndatabase: {max-age: 5d}\n", "p:2:1: "},
		{"no text", "version: 1\n\x01\n", "p:2:1: "},
		{"not UTF-8", "version: 1\nrules: \xff\n", "p:2:1: "},
	} {
		_, err := Parse(strings.NewReader(c.text), "p")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), "not YAML") {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}
