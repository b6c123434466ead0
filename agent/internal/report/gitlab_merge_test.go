package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestGitLabHasEverything: each CVE and package once, whatever the places, and
// what GitLab tells apart by its own means is as much.
func TestGitLabHasEverything(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "crowded": crowded(), "kinds": kinds()} {
		want := make(map[string]bool)
		for _, f := range r.Findings {
			want[string(f.Kind)+f.ID+" "+locationName(&f)] = true
		}
		tracked := append(readGitLab(t, "gitlab", r, Options{}).tracked(), readGitLab(t, "gitlab-secrets", r, Options{}).tracked()...)
		seen := make(map[string]bool)
		for _, key := range tracked {
			if seen[key] {
				t.Errorf("%s: GitLab would keep one of those with %q", name, key)
			}
			seen[key] = true
		}
		if len(seen) != len(want) {
			t.Errorf("%s: %d entries, want %d", name, len(seen), len(want))
		}
	}
}

// kinds is a result with a finding of every kind.
func kinds() *result.Result {
	r := shop()
	for _, k := range []finding.Kind{finding.Misconfiguration, finding.Malware, finding.WeakPassword, finding.Exposure} {
		for _, path := range []string{"etc/passwd", "opt/x", ""} {
			r.Findings = append(r.Findings, finding.Finding{Kind: k, ID: "rule-1", Path: path, Layer: 2, Severity: finding.Low,
				Verdict: finding.Verdict{Action: finding.Alert, Reason: "low"}})
		}
	}
	sign(r)
	return r
}

// TestGitLabTracksOverBuilds: a rebuilt image, whose digests and layers' places
// are others, has the same entries for GitLab.
func TestGitLabTracksOverBuilds(t *testing.T) {
	before, after := versions(), rebuilt(versions())
	for _, format := range []string{"gitlab", "gitlab-secrets"} {
		a, b := readGitLab(t, format, before, Options{}), readGitLab(t, format, after, Options{})
		if diff := cmp.Diff(a.tracked(), b.tracked()); diff != "" {
			t.Errorf("%s: (-before +after)\n%s", format, diff)
		}
		for i := range a.Vulnerabilities {
			if x, y := a.Vulnerabilities[i].ID, b.Vulnerabilities[i].ID; x != y {
				t.Errorf("%s: id %s became %s", format, x, y)
			}
		}
	}
}

// rebuilt is what another build of an image gives: one more instruction at the
// bottom, other digests, and an archive that is cut elsewhere.
func rebuilt(r *result.Result) *result.Result {
	r.Layers = append([]result.Layer{{Instruction: "ENV A=B", Empty: true}}, r.Layers...)
	for i := range r.Layers {
		l := &r.Layers[i]
		l.Index, l.Digest, l.DiffID = i, digest(fmt.Sprintf("%02x", i)), digest(fmt.Sprintf("%02x", 128+i))
		l.Instruction = strings.ReplaceAll(l.Instruction, digest("f1")[len("sha256:"):], digest("f2")[len("sha256:"):])
	}
	for i := range r.Findings {
		r.Findings[i].Layer++
	}
	for i := range r.Incomplete {
		g := &r.Incomplete[i]
		g.Reason = strings.ReplaceAll(g.Reason, "1234 bytes", "99 bytes")
		if g.Layer >= 0 {
			g.Layer++
		}
	}
	r.Image.Digest, r.Image.ID = digest("5e"), digest("5f")
	sign(r)
	return r
}

// TestGitLabMergesPlaces: the worst place stands for all, and the table has
// every one.
func TestGitLabMergesPlaces(t *testing.T) {
	r := crowded()
	mild := &r.Findings[len(r.Findings)-5] // the first of five places of minimist
	mild.Verdict.Action, mild.Package.Version = finding.Alert, "1.2.1"
	for _, v := range readGitLab(t, "gitlab", r, Options{}).Vulnerabilities {
		if v.Location.Dependency.Package.Name != "minimist" {
			continue
		}
		table := v.Details["layers"]
		if len(table.Rows) != 5 || len(table.Rows[0]) != len(table.Header) {
			t.Errorf("%d rows of %d columns", len(table.Rows), len(table.Header))
		}
		if v.Location.Dependency.Version != "1.2.0" || v.Details["verdict"].Value != "BLOCK" {
			t.Errorf("version %s, verdict %s: not the worst place's", v.Location.Dependency.Version, v.Details["verdict"].Value)
		}
		if strings.Count(v.Solution, "Upgrade") != 2 {
			t.Errorf("the solution should have each version once: %s", v.Solution)
		}
		return
	}
	t.Error("no minimist")
}

// TestGitLabManyPlaces: lists end somewhere, and say so.
func TestGitLabManyPlaces(t *testing.T) {
	r := shop()
	r.Incomplete = nil
	for i := range 250 {
		f := r.Findings[6]
		f.Path = fmt.Sprintf("srv/%d.jar", i)
		r.Findings = append(r.Findings, f)
		r.Incomplete = append(r.Incomplete, finding.Gap{Kind: finding.Limited, Reason: "too large", Subject: f.Path, Layer: -1})
	}
	g := readGitLab(t, "gitlab", r, Options{})
	about := g.Vulnerabilities[0].Details["about"].Items
	if last := about[len(about)-1].Value; len(about) != 101 || last != "and 150 more, all of them in the JSON report" {
		t.Errorf("%d subjects, the last is %s", len(about), last)
	}
	for _, v := range g.Vulnerabilities {
		rows := v.Details["layers"].Rows
		if v.Identifiers[0].Value == "CVE-2021-44228" && (len(rows) != 101 || rows[100][0].Value != "and 151 more, all of them in the JSON report") {
			t.Errorf("%d rows, the last is %v", len(rows), rows[len(rows)-1])
		}
	}
}

// TestGitLabLongSolution: it keeps to GitLab's length, in whole sentences, even
// if they are nothing but markup.
func TestGitLabLongSolution(t *testing.T) {
	r := crowded()
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.Package != nil && f.Package.Name == "minimist" {
			f.Package.Version = strings.Repeat("`", 300+i)
			f.FixedIn = []string{fmt.Sprint(i)}
		}
	}
	for i := range r.Layers {
		r.Layers[i].Instruction = strings.Repeat("`", 1500)
	}
	report := render(t, "gitlab", r, Options{})
	harmlessGitLab(t, report, Options{}, "")
	if !strings.Contains(string(report), "There is more to do") {
		t.Error("no word of what is left out")
	}
}
