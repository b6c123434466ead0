package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/result"
)

func junitOf(t *testing.T, r *result.Result) junitSuites {
	t.Helper()
	return parseJUnit(t, render(t, "junit", r, Options{}))
}

func parseJUnit(t *testing.T, report []byte) junitSuites {
	t.Helper()
	var doc junitSuites
	if err := xml.Unmarshal(report, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// cases are all cases by name; each must be there once.
func (doc junitSuites) cases(t *testing.T) map[string]*junitCase {
	t.Helper()
	all := make(map[string]*junitCase)
	for _, s := range doc.Suites {
		if len(s.Cases) == 0 {
			t.Errorf("the suite %q has no case, which is an error to Jenkins", s.Name)
		}
		for _, c := range s.Cases {
			if all[c.Name] != nil {
				t.Errorf("two cases %q: GitLab drops one", c.Name)
			}
			all[c.Name] = c
		}
	}
	return all
}

// outcome is what Jenkins and GitLab make of a case.
func (c *junitCase) outcome() string {
	switch {
	case c.Failure != nil:
		return "failed"
	case c.Error != nil:
		return "error"
	case c.Skipped != nil:
		return "skipped"
	}
	return "passed"
}

func harmlessJUnit(t *testing.T, report []byte, _ Options, _ string) {
	if !utf8.Valid(report) {
		t.Fatal("not UTF-8")
	}
	for i, r := range string(report) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U at byte %d: XML cannot have it, or nobody can see it", r, i)
		}
	}
	doc := parseJUnit(t, report)
	all := doc.cases(t)
	if n := len(shop().Findings) + 2; len(all) != n { // the verdict, a gap, all findings
		t.Errorf("%d cases, want %d", len(all), n)
	}
	for name, c := range all {
		if utf8.RuneCountInString(name) > 300 || strings.TrimSpace(name) == "" || strings.Count(c.Class, ".") != 1 {
			t.Errorf("a case %q of the class %q", name, c.Class)
		}
	}
}

// TestJUnitCounts: the counts are those of the result, and of the cases.
func TestJUnitCounts(t *testing.T) {
	for name, r := range samples() {
		doc := junitOf(t, r)
		counted := make(map[string]int)
		for _, c := range doc.cases(t) {
			counted[c.outcome()]++
		}
		want := map[string]int{"failed": doc.Failures, "error": doc.Errors, "skipped": doc.Skipped, "passed": doc.Tests - doc.Failures - doc.Errors - doc.Skipped}
		for what, n := range want {
			if counted[what] != n {
				t.Errorf("%s: says %d %s, has %d", name, n, what, counted[what])
			}
		}
		blocked := r.Totals.ByAction["block"]
		if blocked > 0 {
			blocked++ // the verdict
		}
		if doc.Failures != blocked || doc.Skipped != r.Totals.ByAction["alert"] || doc.Errors == 0 != (len(r.Incomplete) == 0) {
			t.Errorf("%s: %d failures, %d skipped, %d errors; the result has %v and %d gaps", name, doc.Failures, doc.Skipped, doc.Errors, r.Totals.ByAction, len(r.Incomplete))
		}
		var sum junitCounts
		for _, s := range doc.Suites {
			sum.Tests += s.Tests
			sum.Failures += s.Failures
			sum.Errors += s.Errors
			sum.Skipped += s.Skipped
		}
		sum.Time = doc.Time
		if diff := cmp.Diff(doc.junitCounts, sum); diff != "" {
			t.Errorf("%s: the suites do not add up (-document +suites):\n%s", name, diff)
		}
	}
}

func TestJUnitCases(t *testing.T) {
	r := shop()
	all := junitOf(t, r).cases(t)
	for name, want := range map[string]struct{ outcome, class, file, says string }{
		"CVE-2021-44228 org.apache.logging.log4j:log4j-core 2.14.1": {"failed", "shop/web.layer 3: COPY target/shop\u2024jar /srv/shop\u2024jar", "web/Dockerfile", "Dockerfile:  web/Dockerfile:7\n"},
		"CVE-2023-4911 libc6 2.36-9+deb12u1":                        {"skipped", "shop/web.layer 0: ADD file:f123456789ab… in /", "", "what to do:  Upgrade libc6 from 2.36-9+deb12u1 to 2.36-9+deb12u3 in layer 0"},
		"CVE-2023-28319 curl 7.88.1-10":                             {"passed", "shop/web." + strings.ReplaceAll(layerTitle(r, 2), ".", "\u2024"), "", "verdict:     Ignored: exception by payments until 2027-01-01: not reachable."},
		"secret aws-access-key etc/shop/.env":                       {"failed", "shop/web.layer 5: COPY config/ /etc/shop/", "", "file:        etc/shop/.env\n"},
		"verdict of the policy":                                     {"failed", "shop/web.the scan", "", "to clear it: upgrade org.apache.logging.log4j:log4j-core from 2.14.1 to 2.16.0 in layer 3"},
	} {
		c := all[name]
		if c == nil {
			t.Errorf("no case %q", name)
			continue
		}
		text := ""
		for _, o := range []*junitOutcome{c.Failure, c.Error, c.Skipped, c.SystemOut} {
			if o != nil {
				text += o.Text
			}
		}
		if c.outcome() != want.outcome || c.Class != want.class || c.File != want.file || !strings.Contains(text, want.says) {
			t.Errorf("%s: %s, class %q, file %q, text:\n%s", name, c.outcome(), c.Class, c.File, text)
		}
		if c.outcome() == "failed" && (c.Failure.Message == "" || c.SystemOut != nil) {
			t.Errorf("%s: the failure has the message %q and output %v", name, c.Failure.Message, c.SystemOut)
		}
	}
}

// TestJUnitNames: copies of a package differ by their file, and otherwise by
// number.
func TestJUnitNames(t *testing.T) {
	r := crowded()
	r.Findings = append(r.Findings, r.Findings[len(r.Findings)-1])
	all := junitOf(t, r).cases(t)
	for _, name := range []string{
		"CVE-2021-44906 minimist 1.2.0 in app/node_modules/m0/node_modules/minimist/package.json",
		"CVE-2021-44906 minimist 1.2.0 in app/node_modules/m4/node_modules/minimist/package.json",
		"CVE-2021-44906 minimist 1.2.0 in app/node_modules/m4/node_modules/minimist/package.json (2)",
	} {
		if all[name] == nil {
			t.Errorf("no case %q", name)
		}
	}
}

// TestJUnitScan: a broken scan is red, whatever it found; a clean image has a
// case that passes.
func TestJUnitScan(t *testing.T) {
	for _, c := range []struct {
		name string
		r    *result.Result
		want junitCounts
	}{
		{"clean", clean(), junitCounts{Tests: 2}},
		{"broken", broken(), junitCounts{Tests: 17, Errors: 17}},
		{"failed", failedScan(), junitCounts{Tests: 2, Errors: 2}},
		{"gaps that the policy accepts", acceptedGaps(), junitCounts{Tests: 17, Skipped: 16}},
		{"blocked as a whole", blockedWhole(), junitCounts{Tests: 2, Failures: 1}},
	} {
		doc := junitOf(t, c.r)
		c.want.Time = "0"
		if diff := cmp.Diff(c.want, doc.junitCounts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if none := doc.cases(t)["no findings"] != nil; none != (c.name == "clean" || c.name == "blocked as a whole") {
			t.Errorf("%s: a case says that nothing was found: %v", c.name, none)
		}
	}
}

// TestJUnitLimit: GitLab reads no file of more than 30 MB.
func TestJUnitLimit(t *testing.T) {
	r := many(12_000)
	r.Layers[3].Instruction = "RUN " + strings.Repeat("&", 900)
	report := render(t, "junit", r, Options{})
	if n := len(report); n > 30<<20 || n < 20<<20 {
		t.Errorf("%d bytes", len(report))
	}
	all := parseJUnit(t, report).cases(t)
	left := fmt.Sprintf("%d findings are left out", len(r.Findings)-len(all)+2)
	if c := all["findings left out"]; c == nil || !strings.HasPrefix(c.Skipped.Text, left) {
		t.Errorf("%d cases, and what says that there should be more: %v", len(all), c)
	}
	if last := r.Findings[len(r.Findings)-1]; all[caseName(&last)] == nil {
		t.Error("the worst is left out")
	}
}

// TestJUnitAttachments: GitLab and a plugin of Jenkins take this tag for a file
// of the pipeline's that is to be shown.
func TestJUnitAttachments(t *testing.T) {
	r := hostileResult("[[ATTACHMENT|/etc/passwd]]")
	if report := string(render(t, "junit", r, Options{})); strings.Contains(report, "[[ATTACHMENT|") || !strings.Contains(report, `[\x5bATTACHMENT|`) {
		t.Error("an image's text can attach files")
	}
}

const readJUnit = `
import json, sys
from junitparser import JUnitXml
doc = JUnitXml.fromfile(sys.argv[1])
before = (doc.tests, doc.failures, doc.errors, doc.skipped)
cases = [[s.name, c.classname, c.name, c.is_passed, c.is_skipped, c.is_failure or c.is_error] for s in doc for c in s]
doc.update_statistics()
after = (doc.tests, doc.failures, doc.errors, doc.skipped)
json.dump({"same": before == after, "cases": cases}, sys.stdout)
`

// pythonWith is a Python that has a module.
func pythonWith(t *testing.T, module string) string {
	t.Helper()
	python, err := filepath.Abs("../../../.ci/tools/venv/bin/python")
	if err == nil {
		err = exec.CommandContext(t.Context(), python, "-c", "import "+module).Run()
	}
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatalf("Python's %s is missing: %v", module, err)
	case err != nil:
		t.Skipf("Python's %s is missing: make install-deps", module)
	}
	return python
}

// TestJUnitParser reads the reports with another's parser, which counts anew
// and, unlike Go's, takes no character that XML does not have.
func TestJUnitParser(t *testing.T) {
	python := pythonWith(t, "junitparser")
	for name, r := range map[string]*result.Result{"crowded": crowded(), "broken": broken(), "hostile": hostileResult(strings.Join(hostile[:13], ""))} {
		file := filepath.Join(t.TempDir(), "junit.xml")
		if err := os.WriteFile(file, render(t, "junit", r, Options{}), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), python, "-c", readJUnit, file).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got, want struct {
			Same  bool
			Cases [][]any
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		want.Same = true
		for _, s := range junitOf(t, r).Suites {
			for _, c := range s.Cases {
				o := c.outcome()
				want.Cases = append(want.Cases, []any{s.Name, c.Class, c.Name, o == "passed", o == "skipped", o == "failed" || o == "error"})
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
	}
}

// TestJUnitStaysSmall: findings and gaps that are all alike, and as many as an
// image likes, are told apart in no time and in a file that GitLab reads.
func TestJUnitStaysSmall(t *testing.T) {
	r := broken()
	like := shop().Findings[9]
	for range 60_000 {
		r.Findings = append(r.Findings, like)
		r.Incomplete = append(r.Incomplete, r.Incomplete[0])
		r.Remedies = append(r.Remedies, shop().Remedies[0])
	}
	report := render(t, "junit", r, Options{})
	if len(report) > 30_000_000 {
		t.Errorf("%d bytes: GitLab reads 30 MB", len(report))
	}
	all := parseJUnit(t, report).cases(t)
	left := all["gaps left out"]
	if left == nil || left.outcome() != "error" || !strings.Contains(left.Error.Text, "more gaps: the JSON result has all") {
		t.Errorf("the gaps that are left out: %v", left)
	}
	if all["findings left out"] == nil || !strings.Contains(all["verdict of the policy"].Error.Text, " more: the JSON result has all") {
		t.Error("it does not say that something is left out")
	}
	if !strings.Contains(fmt.Sprint(slices.Sorted(maps.Keys(all))), " (20000)") {
		t.Error("names that agree are not numbered")
	}
}
