package fix

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
)

// TestApart is what stays apart, and in which order, in whatever order the
// findings come: of one layer what an upgrade clears, and what clears most, first.
func TestApart(t *testing.T) {
	gem := func(name, version string) finding.Package {
		return finding.Package{Type: "gem", Name: name, Version: version}
	}
	in := func(kind finding.Kind, id, path string) finding.Finding {
		return finding.Finding{Kind: kind, ID: id, Path: path, Verdict: finding.Verdict{Action: finding.Block}}
	}
	unsaid := vuln("CVE-4", gem("zz", "1.0"), 0, "Gemfile.lock") // fixed, nobody says in which
	unsaid.FixState = finding.Fixed
	findings := []finding.Finding{
		vuln("CVE-1", gem("zz", "1.0"), 0, "Gemfile.lock", "1.1"),
		vuln("CVE-2", gem("zz", "1.0"), 0, "Gemfile.lock", "1.2"),
		vuln("CVE-1", gem("aa", "2.0"), 0, "Gemfile.lock", "2.1"),
		vuln("CVE-1", gem("aa", "1.0"), 0, "Gemfile.lock", "2.1"),
		unsaid,
		in(finding.Secret, "key", "b"), in(finding.Secret, "key", "a"), in(finding.Secret, "token", "a"), in(finding.Misconfiguration, "key", "a"),
	}
	type short struct {
		Name, From, To string
		Kind           finding.Kind
		ID, Path       string
	}
	want := []short{
		{"zz", "1.0", "1.2", finding.Vulnerability, "CVE-1", "Gemfile.lock"},
		{"aa", "1.0", "2.1", finding.Vulnerability, "CVE-1", "Gemfile.lock"},
		{"aa", "2.0", "2.1", finding.Vulnerability, "CVE-1", "Gemfile.lock"},
		{"", "", "", finding.Misconfiguration, "key", "a"},
		{"", "", "", finding.Secret, "key", "a"},
		{"", "", "", finding.Secret, "key", "b"},
		{"", "", "", finding.Secret, "token", "a"},
		{"zz", "1.0", "", finding.Vulnerability, "CVE-4", "Gemfile.lock"},
	}
	first := func(list []string) string { return append(list, "")[0] }
	for range 20 {
		var got []short
		for _, m := range Remedies(findings) {
			got = append(got, short{first(m.Packages), m.From, first(m.To), m.Kind, first(m.IDs), first(m.Paths)})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		rand.Shuffle(len(findings), func(i, j int) { findings[i], findings[j] = findings[j], findings[i] })
	}
}

// TestSourceOfItsOwnName: a source package is named only where it has another
// name.
func TestSourceOfItsOwnName(t *testing.T) {
	for source, want := range map[string]string{"curl": "", "": "", "curl-src": "curl-src"} {
		p := finding.Package{Type: "deb", Name: "curl", Version: "1", Source: source}
		got := Remedies([]finding.Finding{vuln("CVE-1", p, 0, "", "2")})
		if len(got) != 1 || got[0].Source != want {
			t.Errorf("%q: %+v, want the source %q", source, got, want)
		}
	}
}
