package policy

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/policies"
)

// now is when every decision of these tests is made.
var now = time.Date(2026, 11, 22, 15, 0, 0, 0, time.UTC)

func mustParse(t testing.TB, text string) *Policy {
	t.Helper()
	p, err := Parse(strings.NewReader(text), "policy.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ruled is a policy with one rule called r, of these lines.
func ruled(t testing.TB, lines ...string) *Policy {
	t.Helper()
	return mustParse(t, "version: 1\nrules:\n  - name: r\n    "+strings.Join(lines, "\n    ")+"\n")
}

// vulnerable is a vulnerability with a fix, in layer 1.
func vulnerable(s finding.Severity) finding.Finding {
	return finding.Finding{
		Kind: finding.Vulnerability, ID: "CVE-2024-0001", Aliases: []string{"GHSA-aaaa-bbbb-cccc"}, Severity: s, Layer: 1,
		FixState: finding.Fixed, FixedIn: []string{"3.0.2", "3.1.0"},
		Package: &finding.Package{Name: "libssl3", Version: "3.0.1", Type: "deb", Source: "openssl",
			PURL: "pkg:deb/debian/libssl3@3.0.1?arch=amd64&distro=debian-12"},
	}
}

func input(findings ...finding.Finding) Input {
	return Input{Image: "registry.example.com/shop/app:1", Now: now, Findings: findings,
		Origins: []image.Origin{image.OriginBase, image.OriginApp}}
}

// with is a finding that is changed a little.
func with(f finding.Finding, change func(*finding.Finding)) finding.Finding {
	change(&f)
	return f
}

func epss(p float64) *float64 { return &p }

// Each case fails if the key that it is about is ignored.
func TestVerdictOfFindings(t *testing.T) {
	const critical, high, medium, low = finding.Critical, finding.High, finding.Medium, finding.Low
	inBase := func(f *finding.Finding) { f.Layer = 0 }
	fix := func(s finding.FixState) func(*finding.Finding) {
		return func(f *finding.Finding) { f.FixState, f.FixedIn = s, nil }
	}
	kind := func(k finding.Kind, s finding.Severity) finding.Finding {
		return finding.Finding{Kind: k, ID: "x", Severity: s, Layer: 1, Path: "etc/x"}
	}
	exploited := func(f *finding.Finding) { f.KnownExploited = true }
	for _, c := range []struct {
		name    string
		policy  string
		finding finding.Finding
		want    finding.Action
		reason  string // a glob
	}{
		{"severity", "vulnerabilities: {critical: block}", vulnerable(critical), finding.Block,
			"critical and fixed in 3.0.2: the rule blocks critical vulnerabilities"},
		{"another severity", "vulnerabilities: {critical: block}", vulnerable(high), finding.Alert,
			"high: the rule does not mention high vulnerabilities, which alerts"},
		{"worse than mentioned", "vulnerabilities: {medium: block, low: ignore}", vulnerable(critical), finding.Block,
			"critical and fixed in 3.0.2: the rule blocks medium vulnerabilities and worse"},
		{"the nearest line counts", "vulnerabilities: {high: block, low: ignore}", vulnerable(medium), finding.Ignore,
			"medium: the rule ignores low vulnerabilities and worse"},
		{"less than ignored", "vulnerabilities: {high: block, medium: ignore}", vulnerable(finding.Negligible), finding.Ignore,
			"negligible: the rule ignores medium vulnerabilities, which are worse"},
		{"less than alerted", "vulnerabilities: {low: block}", vulnerable(finding.Negligible), finding.Alert, "*does not mention*"},
		{"less than ignored, by one", "vulnerabilities: {low: ignore}", vulnerable(finding.Negligible), finding.Ignore,
			"negligible: the rule ignores low vulnerabilities, which are worse"},
		{"less than ignored, from the top", "vulnerabilities: {critical: ignore}", vulnerable(finding.Low), finding.Ignore,
			"low: the rule ignores critical vulnerabilities, which are worse"},
		{"unknown is no less than ignored", "vulnerabilities: {low: ignore}", vulnerable(finding.Unknown), finding.Alert, "*does not mention unknown*"},
		{"ignore", "vulnerabilities: {low: ignore}", vulnerable(low), finding.Ignore, "low: the rule ignores low vulnerabilities"},
		{"alert", "vulnerabilities: {low: alert}", vulnerable(low), finding.Alert, "low: the rule alerts on low vulnerabilities"},
		{"unknown", "vulnerabilities: {unknown: block}", vulnerable(finding.Unknown), finding.Block,
			"unknown and fixed in 3.0.2: the rule blocks unknown vulnerabilities"},
		{"unknown is less than nothing", "vulnerabilities: {unknown: block}", vulnerable(finding.Negligible), finding.Alert, "*does not mention negligible*"},
		{"block without a fix", "vulnerabilities: {high: block}", with(vulnerable(high), fix(finding.NotFixed)), finding.Block,
			"high: the rule blocks high vulnerabilities"},

		{"only-fixed, fixed", "vulnerabilities: {high: block, only-fixed: true}", vulnerable(high), finding.Block, "*high and fixed in 3.0.2*"},
		{"only-fixed, a fix without version", "vulnerabilities: {high: block, only-fixed: true}", with(vulnerable(high), fix(finding.Fixed)), finding.Block,
			"high and fixed: the rule blocks high vulnerabilities"},
		{"only-fixed, not fixed", "vulnerabilities: {high: block, only-fixed: true}", with(vulnerable(high), fix(finding.NotFixed)), finding.Alert,
			"high, but no fix is available: only-fixed turns block into alert"},
		{"only-fixed, will not fix", "vulnerabilities: {high: block, only-fixed: true}", with(vulnerable(high), fix(finding.WillNotFix)), finding.Alert,
			"high, but the vendor will not fix it: only-fixed turns block into alert"},
		{"only-fixed, unknown", "vulnerabilities: {high: block, only-fixed: true}", with(vulnerable(high), fix(finding.FixUnknown)), finding.Alert,
			"high, but it is not known whether there is a fix: only-fixed turns block into alert"},
		{"only-fixed leaves ignore", "vulnerabilities: {high: ignore, only-fixed: true}", with(vulnerable(high), fix(finding.NotFixed)), finding.Ignore, "*the rule ignores*"},
		{"only-fixed is false", "vulnerabilities: {high: block, only-fixed: false}", with(vulnerable(high), fix(finding.NotFixed)), finding.Block, "*the rule blocks*"},

		{"known-exploited", "vulnerabilities: {low: ignore, only-fixed: true, block-if: {known-exploited: true}}",
			with(with(vulnerable(low), fix(finding.NotFixed)), exploited), finding.Block,
			"known to be exploited (low): block-if blocks that whatever the severity and fix"},
		{"not known-exploited", "vulnerabilities: {low: ignore, block-if: {known-exploited: true}}", vulnerable(low), finding.Ignore, "*"},
		{"known-exploited is not asked", "vulnerabilities: {low: ignore, block-if: {known-exploited: false}}", with(vulnerable(low), exploited), finding.Ignore, "*"},
		{"epss", "vulnerabilities: {low: ignore, block-if: {epss-at-least: 0.5}}",
			with(vulnerable(low), func(f *finding.Finding) { f.EPSS = epss(0.5) }), finding.Block,
			"EPSS 0.5 (low): block-if blocks from 0.5 on, whatever the severity and fix"},
		{"a lower epss", "vulnerabilities: {low: ignore, block-if: {epss-at-least: 0.5}}",
			with(vulnerable(low), func(f *finding.Finding) { f.EPSS = epss(0.4999) }), finding.Ignore, "*"},
		{"no epss", "vulnerabilities: {low: ignore, block-if: {epss-at-least: 0.5}}", vulnerable(low), finding.Ignore, "*"},
		{"epss is not asked", "vulnerabilities: {low: ignore}",
			with(vulnerable(low), func(f *finding.Finding) { f.EPSS = epss(1) }), finding.Ignore, "*"},

		{"base-image", "vulnerabilities: {high: block, base-image: {high: alert}}", with(vulnerable(high), inBase), finding.Alert,
			"high, in the base image: the rule alerts on high findings there"},
		{"base-image, another severity", "vulnerabilities: {high: block, base-image: {high: alert}}", with(vulnerable(critical), inBase), finding.Block, "*"},
		{"base-image, app layer", "vulnerabilities: {high: block, base-image: {high: alert}}", vulnerable(high), finding.Block, "*"},
		{"base-image, no such layer", "vulnerabilities: {high: block, base-image: {high: alert}}",
			with(vulnerable(high), func(f *finding.Finding) { f.Layer = -1 }), finding.Block, "*"},
		{"base-image, beyond the layers", "vulnerabilities: {high: block, base-image: {high: alert}}",
			with(vulnerable(high), func(f *finding.Finding) { f.Layer = 2 }), finding.Block, "*"},
		{"base-image can be stricter", "vulnerabilities: {high: alert, base-image: {critical: block, high: block}}", with(vulnerable(high), inBase), finding.Block,
			"high and fixed in 3.0.2, in the base image: the rule blocks high findings there"},
		{"base-image and only-fixed", "vulnerabilities: {high: alert, base-image: {critical: block, high: block}, only-fixed: true}",
			with(with(vulnerable(high), inBase), fix(finding.NotFixed)), finding.Alert, "*only-fixed turns block into alert*"},
		{"block-if before base-image", "vulnerabilities: {base-image: {low: ignore}, block-if: {known-exploited: true}}",
			with(with(vulnerable(low), inBase), exploited), finding.Block, "*"},

		{"secrets", "secrets: block", kind(finding.Secret, high), finding.Block, "high: the rule blocks all secrets"},
		{"malware", "malware: block", kind(finding.Malware, high), finding.Block, "high: the rule blocks all malware"},
		{"weak-passwords", "weak-passwords: block", kind(finding.WeakPassword, low), finding.Block, "low: the rule blocks all weak passwords"},
		{"exposures", "exposures: {high: block}", kind(finding.Exposure, high), finding.Block, "high: the rule blocks high exposures"},
		{"misconfigurations", "misconfigurations: {high: block, low: ignore}", kind(finding.Misconfiguration, low), finding.Ignore,
			"low: the rule ignores low misconfigurations"},
		{"a kind that is not mentioned", "vulnerabilities: {low: block}", kind(finding.Secret, critical), finding.Alert,
			"critical: the rule does not mention critical secrets, which alerts"},
		{"a kind that is not known", "secrets: block", kind("surprise", critical), finding.Alert, "*does not mention critical surprises*"},
		{"only vulnerabilities have fixes", "secrets: block\n    vulnerabilities: {low: alert, only-fixed: true}", kind(finding.Secret, low), finding.Block, "*"},
	} {
		d := Decide(ruled(t, c.policy), input(c.finding))
		v := d.Findings[0].Verdict
		if v.Action != c.want || !globMatch(c.reason, v.Reason) || v.Reason == "" || v.Rule != "r" {
			t.Errorf("%s: %s by %s because %q, want %s because %q", c.name, v.Action, v.Rule, v.Reason, c.want, c.reason)
		}
		wantExit := map[finding.Action]int{finding.Block: 2, finding.Alert: 0, finding.Ignore: 0}[c.want]
		wantAction := c.want
		if c.want == finding.Ignore {
			wantAction = finding.Pass
		}
		if d.ExitCode != wantExit || d.Action != wantAction || d.Incomplete {
			t.Errorf("%s: image: %s, exit code %d, incomplete %t", c.name, d.Action, d.ExitCode, d.Incomplete)
		}
	}
}

func TestExceptions(t *testing.T) {
	for _, c := range []struct {
		name, exception string
		want            finding.Action
	}{
		{"id", "id: CVE-2024-0001", finding.Ignore},
		{"id in another case", "id: cve-2024-0001", finding.Ignore},
		{"alias", "id: GHSA-aaaa-bbbb-cccc", finding.Ignore},
		{"another id", "id: CVE-2024-0002", finding.Block},
		{"the beginning of an id", "id: CVE-2024-000", finding.Block},
		{"package", `id: CVE-2024-0001, packages: ["pkg:deb/debian/libssl*"]`, finding.Ignore},
		{"package without version", `id: CVE-2024-0001, packages: ["pkg:deb/debian/libssl3"]`, finding.Ignore},
		{"package with version", `id: CVE-2024-0001, packages: ["pkg:deb/debian/libssl3@3.0.1"]`, finding.Ignore},
		{"the whole package URL", `id: CVE-2024-0001, packages: ["pkg:deb/debian/libssl3@3.0.1?arch=amd64&distro=debian-12"]`, finding.Ignore},
		{"package with another version", `id: CVE-2024-0001, packages: ["pkg:deb/debian/libssl3@3.0.2"]`, finding.Block},
		{"source package", `id: CVE-2024-0001, packages: ["pkg:deb/debian/openssl"]`, finding.Ignore},
		{"source package with version", `id: CVE-2024-0001, packages: ["pkg:deb/debian/openssl@3.0.1"]`, finding.Ignore},
		{"another package", `id: CVE-2024-0001, packages: ["pkg:deb/debian/libssl"]`, finding.Block},
		{"one of two packages", `id: CVE-2024-0001, packages: ["pkg:deb/debian/curl", "pkg:deb/*"]`, finding.Ignore},
		{"image", `id: CVE-2024-0001, images: ["registry.example.com/shop/*"]`, finding.Ignore},
		{"image by its tag", `id: CVE-2024-0001, images: ["other.example.com/app"]`, finding.Ignore},
		{"another image", `id: CVE-2024-0001, images: ["registry.example.com/pay/*"]`, finding.Block},
		{"all but the package", `id: CVE-2024-0001, packages: ["pkg:npm/*"], images: ["*"]`, finding.Block},
	} {
		p := mustParse(t, "version: 1\nrules: [{name: r, vulnerabilities: {high: block}}]\n"+
			"exceptions: [{"+c.exception+", expires: 2026-11-22, reason: not reachable, owner: payments}]\n")
		in := input(vulnerable(finding.High))
		in.Tags = []string{"other.example.com/app:2"}
		v := Decide(p, in).Findings[0].Verdict
		if v.Action != c.want {
			t.Errorf("%s: %s because %q, want %s", c.name, v.Action, v.Reason, c.want)
		}
		if c.want == finding.Ignore && (v.Reason != "exception by payments until 2026-11-22: not reachable" || !strings.HasPrefix(v.Rule, "exception ")) {
			t.Errorf("%s: rule %q, reason %q", c.name, v.Rule, v.Reason)
		}
	}
}

// An exception for packages is for none that has no package.
func TestExceptionForPackagesOnly(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: r, secrets: block}]\n"+
		`exceptions: [{id: aws-key, packages: ["*"], expires: 2027-01-01, reason: a, owner: b}]`)
	d := Decide(p, input(finding.Finding{Kind: finding.Secret, ID: "aws-key"}))
	if d.ExitCode != ExitBlock {
		t.Errorf("exit code %d", d.ExitCode)
	}
}

func TestExceptionExpires(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: r, vulnerabilities: {high: block}}]\nexceptions:\n"+
		"  - {id: CVE-2024-0001, expires: 2026-11-21, reason: old, owner: payments}\n"+
		"  - {id: CVE-2024-0009, expires: 2026-11-21, reason: old, owner: payments}\n")
	last := time.Date(2026, 11, 21, 23, 59, 59, 0, time.UTC)
	in := input(vulnerable(finding.High))
	in.Now = last
	if d := Decide(p, in); d.ExitCode != ExitPass {
		t.Errorf("on its last day: exit code %d, %q", d.ExitCode, d.Reasons)
	}
	in.Now = last.Add(time.Second).In(time.FixedZone("far west", -11*3600)) // where the day is not over
	d := Decide(p, in)
	if d.ExitCode != ExitBlock || d.Findings[0].Verdict.Rule != "r" {
		t.Errorf("after it: exit code %d, %+v", d.ExitCode, d.Findings[0].Verdict)
	}
	if want := "; the exception by payments expired on 2026-11-21"; !strings.HasSuffix(d.Findings[0].Verdict.Reason, want) {
		t.Errorf("reason %q, want it to end with %q", d.Findings[0].Verdict.Reason, want)
	}
	want := []string{
		"1 high vulnerability blocked by rule r (CVE-2024-0001 in libssl3)",
		"the exception for CVE-2024-0001 by payments expired on 2026-11-21 and is not applied: renew or remove it",
	}
	if diff := cmp.Diff(want, d.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

// That an exception has expired is said, and is no alert by itself.
func TestExceptionExpiredForAnIgnoredFinding(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: r, vulnerabilities: {low: ignore}}]\n"+
		"exceptions: [{id: CVE-2024-0001, expires: 2026-11-21, reason: old, owner: payments}]")
	if d := Decide(p, input(vulnerable(finding.Low))); d.Action != finding.Pass || len(d.Reasons) != 2 {
		t.Errorf("%s, %q", d.Action, d.Reasons)
	}
}

// A renewed exception counts, and the old one is not missed.
func TestExceptionRenewed(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: r, vulnerabilities: {high: block}}]\nexceptions:\n"+
		"  - {id: CVE-2024-0001, expires: 2026-11-21, reason: old, owner: payments}\n"+
		"  - {id: CVE-2024-0001, expires: 2027-11-21, reason: new, owner: web}\n"+
		"  - {id: CVE-2024-0001, expires: 2028-11-21, reason: newer, owner: all}\n")
	d := Decide(p, input(vulnerable(finding.High)))
	if got := d.Findings[0].Verdict.Reason; got != "exception by web until 2027-11-21: new" {
		t.Errorf("reason %q", got)
	}
	if want := []string{"ignored by exceptions: 1 high vulnerability (CVE-2024-0001 in libssl3)"}; !slices.Equal(d.Reasons, want) {
		t.Errorf("reasons %q", d.Reasons)
	}
}

func TestFirstRuleDecides(t *testing.T) {
	p := mustParse(t, `version: 1
rules:
  - {name: release, scope: {jobs: [release]}, vulnerabilities: {low: block}}
  - {name: prod, scope: {labels: {tier: prod}}, vulnerabilities: {low: ignore}}
  - {name: shop, scope: {images: ["registry.example.com/shop/*"]}, vulnerabilities: {low: alert}}
`)
	for _, c := range []struct {
		name   string
		change func(*Input)
		rule   string
		exit   int
	}{
		{"job", func(in *Input) { in.Job = "release" }, "release", ExitBlock},
		{"label", func(in *Input) { in.Labels = map[string]string{"tier": "prod"} }, "prod", ExitPass},
		{"image", func(in *Input) {}, "shop", ExitPass},
		{"tag", func(in *Input) { in.Image, in.Tags = "app.tar", []string{in.Image} }, "shop", ExitPass},
		{"first", func(in *Input) { in.Job, in.Labels = "release", map[string]string{"tier": "prod"} }, "release", ExitBlock},
		{"none", func(in *Input) { in.Image = "app\x1b.tar" }, "", ExitIncomplete},
	} {
		in := input(vulnerable(finding.Low))
		c.change(&in)
		d := Decide(p, in)
		if d.Rule != c.rule || d.ExitCode != c.exit || d.Findings[0].Verdict.Rule != c.rule {
			t.Errorf("%s: rule %q, exit code %d", c.name, d.Rule, d.ExitCode)
		}
		if c.rule == "" {
			want := []string{`no rule of the policy matches image "app\x1b.tar": add a rule for it, or a last one without a scope`}
			if d.Action != finding.Block || !d.Incomplete || !slices.Equal(d.Reasons, want) || d.Findings[0].Verdict.Action != finding.Alert {
				t.Errorf("%s: %+v", c.name, d)
			}
		}
	}
}

func TestImageConditions(t *testing.T) {
	gaps := []finding.Gap{{Kind: finding.Unreadable, Subject: "srv/a.jar", Reason: "reading the archive: unexpected EOF"}}
	debian := func(eol string) *image.Distro { return &image.Distro{ID: "debian", Name: "Debian 10", EndOfLife: eol} }
	days := func(n int) time.Time { return now.AddDate(0, 0, -n) }
	medium := vulnerable(finding.Medium)
	for _, c := range []struct {
		name       string
		policy     string
		change     func(*Input)
		want       finding.Action
		exit       int
		incomplete bool
		reasons    []string
	}{
		{"nothing", "secrets: block", func(in *Input) {}, finding.Pass, 0, false, []string{"nothing was found"}},

		{"gaps", "incomplete: block", func(in *Input) { in.Gaps = gaps }, finding.Block, 1, true,
			[]string{"the scan is incomplete in 1 part, which rule r blocks (srv/a.jar: reading the archive: unexpected EOF)"}},
		{"gaps, silence", "secrets: block", func(in *Input) { in.Gaps = gaps }, finding.Block, 1, true, nil},
		{"gaps, alert", "incomplete: alert", func(in *Input) { in.Gaps = slices.Repeat(gaps, 5) }, finding.Alert, 0, false,
			[]string{"the scan is incomplete in 5 parts, which rule r alerts on (srv/a.jar: reading the archive: unexpected EOF; " +
				"srv/a.jar: reading the archive: unexpected EOF; srv/a.jar: reading the archive: unexpected EOF; and 2 more)"}},
		{"three gaps", "incomplete: alert", func(in *Input) { in.Gaps = slices.Repeat([]finding.Gap{{Subject: "a", Reason: "b"}}, 3) }, finding.Alert, 0, false,
			[]string{"the scan is incomplete in 3 parts, which rule r alerts on (a: b; a: b; a: b)"}},
		{"gaps and a block", "vulnerabilities: {medium: block}", func(in *Input) { in.Gaps = gaps; in.Findings = append(in.Findings, medium) },
			finding.Block, 2, true, []string{
				"1 medium vulnerability blocked by rule r (CVE-2024-0001 in libssl3)",
				"the scan is incomplete in 1 part, which rule r blocks (srv/a.jar: reading the archive: unexpected EOF)"}},

		{"end of life", "end-of-life-distro: block", func(in *Input) { in.Distro = debian("2026-11-21") }, finding.Block, 2, false,
			[]string{"Debian 10 has had no security support since 2026-11-21: rule r blocks that"}},
		{"end of life, silence", "secrets: block", func(in *Input) { in.Distro = debian("2024-06-30") }, finding.Alert, 0, false,
			[]string{"Debian 10 has had no security support since 2024-06-30: rule r alerts on that"}},
		{"end of life, ignored", "end-of-life-distro: ignore", func(in *Input) { in.Distro = debian("2024-06-30") }, finding.Pass, 0, false,
			[]string{"Debian 10 has had no security support since 2024-06-30: rule r ignores that"}},
		{"last day of support", "end-of-life-distro: block", func(in *Input) { in.Distro = debian("2026-11-22") }, finding.Pass, 0, false, nil},
		{"end of life unknown", "end-of-life-distro: block", func(in *Input) { in.Distro = debian("") }, finding.Pass, 0, false, nil},

		{"old index", "name: r\ndatabase: {max-age: 7d}", func(in *Input) { in.Database = days(8) }, finding.Alert, 0, false,
			[]string{"the newest advisories are of 2026-11-14, which is 8 days ago, and the policy allows 7 days: use a newer index"}},
		{"old index, block", "database: {max-age: 7d, when-older: block}", func(in *Input) { in.Database = days(8) }, finding.Block, 2, false, nil},
		{"index just young enough", "database: {max-age: 7d, when-older: block}", func(in *Input) { in.Database = days(7) }, finding.Pass, 0, false, nil},
		{"index without a date", "database: {max-age: 36h, when-older: block}", func(in *Input) {}, finding.Block, 2, false,
			[]string{"the advisory index has no date, and the policy wants one of the last 36 hours"}},
		{"any age", "secrets: block", func(in *Input) {}, finding.Pass, 0, false, nil},

		{"max-allowed", "vulnerabilities: {medium: alert, max-allowed: {medium: 1}}",
			func(in *Input) { in.Findings = []finding.Finding{medium, medium} }, finding.Block, 2, false,
			[]string{"2 medium vulnerabilities: rule r allows at most 1", "alerts: 2 medium vulnerabilities"}},
		{"max-allowed, just", "vulnerabilities: {medium: alert, max-allowed: {medium: 2}}",
			func(in *Input) { in.Findings = []finding.Finding{medium, medium} }, finding.Alert, 0, false, nil},
		{"max-allowed, none", "vulnerabilities: {medium: alert, max-allowed: {medium: 0}}",
			func(in *Input) { in.Findings = []finding.Finding{medium} }, finding.Block, 2, false, nil},
		{"max-allowed, of another severity", "vulnerabilities: {medium: alert, max-allowed: {low: 0}}",
			func(in *Input) { in.Findings = []finding.Finding{medium} }, finding.Alert, 0, false, nil},
		{"max-allowed, of another kind", "vulnerabilities: {medium: alert, max-allowed: {medium: 0}}",
			func(in *Input) {
				in.Findings = []finding.Finding{{Kind: finding.Secret, ID: "x", Severity: finding.Medium}}
			}, finding.Alert, 0, false, nil},
	} {
		text := "version: 1\nrules:\n  - name: r\n    " + c.policy + "\n"
		if _, database, ok := strings.Cut(c.policy, "database:"); ok {
			text = "version: 1\nrules: [{name: r}]\ndatabase:" + database
		}
		in := input()
		c.change(&in)
		d := Decide(mustParse(t, text), in)
		if d.Action != c.want || d.ExitCode != c.exit || d.Incomplete != c.incomplete {
			t.Errorf("%s: %s, exit code %d, incomplete %t: %q", c.name, d.Action, d.ExitCode, d.Incomplete, d.Reasons)
		}
		if c.reasons != nil {
			if diff := cmp.Diff(c.reasons, d.Reasons); diff != "" {
				t.Errorf("%s: reasons (-want +got):\n%s", c.name, diff)
			}
		}
	}
}

// What an exception lifts counts for no max-allowed.
func TestMaxAllowedCountsWhatIsLeft(t *testing.T) {
	p := mustParse(t, "version: 1\nrules: [{name: r, vulnerabilities: {low: alert, max-allowed: {medium: 0}}}]\n"+
		"exceptions: [{id: CVE-2024-0001, expires: 2027-01-01, reason: a, owner: b}]")
	if d := Decide(p, input(vulnerable(finding.Medium))); d.ExitCode != ExitPass {
		t.Errorf("exit code %d: %q", d.ExitCode, d.Reasons)
	}
}

func TestReasonsAreGrouped(t *testing.T) {
	named := func(id, name string, s finding.Severity, exploited bool) finding.Finding {
		return with(vulnerable(s), func(f *finding.Finding) {
			f.ID, f.Package, f.KnownExploited = id, &finding.Package{Name: name}, exploited
		})
	}
	p := ruled(t, "vulnerabilities: {high: block, medium: alert, low: ignore}", "secrets: block", "malware: alert")
	d := Decide(p, input(
		named("CVE-1", "a", finding.Low, false),
		named("CVE-2", "b", finding.High, false),
		named("CVE-3", "c", finding.Critical, false),
		named("CVE-4", "d\n\x1b[31m", finding.Critical, false),
		named("CVE-5", "e", finding.Critical, false),
		named("CVE-5", "e", finding.Critical, false),
		named("CVE-2021-44228", "log4j-core", finding.Critical, true),
		named("CVE-6", "f", finding.Medium, false),
		finding.Finding{Kind: finding.Secret, ID: "aws-key", Path: "root/.aws"},
		finding.Finding{Kind: finding.Malware, ID: "miner"},
	))
	want := []string{
		"1 secret blocked by rule r (aws-key in root/.aws)",
		`5 critical vulnerabilities blocked by rule r (CVE-2021-44228 in log4j-core, CVE-3 in c, CVE-4 in "d\n\x1b[31m", and 1 more)`,
		"1 high vulnerability blocked by rule r (CVE-2 in b)",
		"alerts: 1 malware, 1 medium vulnerability",
		"ignored by rule r: 1 low vulnerability",
	}
	if diff := cmp.Diff(want, d.Reasons); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Decide changes nothing that it is given, and answers the same twice.
func TestDecideIsPure(t *testing.T) {
	p := mustParse(t, string(policies.Default))
	in := input(vulnerable(finding.High), vulnerable(finding.Low))
	first := Decide(p, in)
	if in.Findings[0].Verdict != (finding.Verdict{}) {
		t.Error("the input's findings have a verdict")
	}
	if diff := cmp.Diff(first, Decide(p, in)); diff != "" {
		t.Errorf("the second answer is another:\n%s", diff)
	}
}

func TestDefaultPolicy(t *testing.T) {
	p := mustParse(t, string(policies.Default))
	log4shell := finding.Finding{
		Kind: finding.Vulnerability, ID: "CVE-2021-44228", Severity: finding.Critical, Layer: 1,
		FixState: finding.Fixed, FixedIn: []string{"2.15.0"},
		Package: &finding.Package{Name: "org.apache.logging.log4j:log4j-core", Version: "2.14.1"},
	}
	unfixed := func(f *finding.Finding) { f.FixState = finding.NotFixed }
	for _, c := range []struct {
		name    string
		finding finding.Finding
		want    finding.Action
	}{
		{"Log4Shell", log4shell, finding.Block},
		{"Log4Shell as CISA knows it", with(log4shell, func(f *finding.Finding) { f.KnownExploited = true }), finding.Block},
		{"high", vulnerable(finding.High), finding.Block},
		{"high, not fixed", with(vulnerable(finding.High), unfixed), finding.Alert},
		{"exploited, low, not fixed", with(with(vulnerable(finding.Low), unfixed), func(f *finding.Finding) { f.KnownExploited = true }), finding.Block},
		{"medium", vulnerable(finding.Medium), finding.Alert},
		{"low", vulnerable(finding.Low), finding.Alert},
		{"negligible", vulnerable(finding.Negligible), finding.Ignore},
		{"unknown", vulnerable(finding.Unknown), finding.Alert},
		{"secret", finding.Finding{Kind: finding.Secret, ID: "x"}, finding.Block},
		{"malware", finding.Finding{Kind: finding.Malware, ID: "x"}, finding.Block},
		{"weak password", finding.Finding{Kind: finding.WeakPassword, ID: "x"}, finding.Block},
	} {
		in := input(c.finding)
		in.Database = now
		d := Decide(p, in)
		if v := d.Findings[0].Verdict; v.Action != c.want || v.Rule != "default" || (d.ExitCode == ExitBlock) != (c.want == finding.Block) {
			t.Errorf("%s: %+v, exit code %d", c.name, v, d.ExitCode)
		}
	}
	in := input()
	in.Gaps = []finding.Gap{{Subject: "x"}}
	if d := Decide(p, in); d.ExitCode != ExitIncomplete {
		t.Errorf("a gap: exit code %d", d.ExitCode)
	}
	in = input()
	in.Database, in.Distro = now.AddDate(-1, 0, 0), &image.Distro{Name: "x", EndOfLife: "2020-01-01"}
	if d := Decide(p, in); d.Action != finding.Alert || d.ExitCode != ExitPass || len(d.Reasons) != 2 {
		t.Errorf("an old index and an old distro: %+v", d)
	}
}

// A vulnerability without a severity is known all the same.
func TestReasonOfUnknownSeverity(t *testing.T) {
	p, err := Parse(strings.NewReader("version: 1\nrules:\n  - name: one\n    vulnerabilities: {unknown: alert}\n"), "p")
	if err != nil {
		t.Fatal(err)
	}
	f := vulnerable(finding.Unknown)
	d := Decide(p, Input{Findings: []finding.Finding{f, f}})
	if got := strings.Join(d.Reasons, "; "); !strings.Contains(got, "2 vulnerabilities of unknown severity") {
		t.Errorf("reasons: %s", got)
	}
}
