package scan

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/policy"
	"github.com/layergate/layergate/agent/internal/result"
)

// A gate decides as the scan did: whatever a policy looks at is in the result,
// and reading it back loses nothing.
func TestDecideOnWhatWasWritten(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	exits, rules := map[int]int{}, map[string]int{}
	for n := range 600 {
		text := anyPolicy(rng)
		p, err := policy.Parse(strings.NewReader(text), "policy")
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		r := anyResult(rng, now)
		job := pick(rng, "", "release-1", "test")
		if n%20 == 0 {
			failed(r, r.Image.Name, fmt.Errorf("cut \xff short"))
		}
		Decide(r, p, job, now)
		var b bytes.Buffer
		if err := result.Write(&b, r); err != nil {
			t.Fatal(err)
		}
		got, err := result.Read(&b)
		if err != nil {
			t.Fatal(err)
		}
		other, err := policy.Parse(strings.NewReader("version: 1\nrules: [{name: other, vulnerabilities: {critical: ignore}, incomplete: alert}]"), "other")
		if err != nil {
			t.Fatal(err)
		}
		Decide(got, other, "", now) // that is forgotten
		Decide(got, p, job, now)
		valid := cmp.Transformer("valid", func(s string) string { return strings.ToValidUTF8(s, "\ufffd") })
		if diff := cmp.Diff(r, got, cmpopts.EquateEmpty(), cmp.FilterValues(func(a, b string) bool { return a != b }, valid)); diff != "" {
			t.Fatalf("(-scan +gate) by\n%s\n%s", text, diff)
		}
		exits[r.Verdict.ExitCode]++
		rules[r.Policy.Rule]++
	}
	if len(exits) != 3 || len(rules) != 6 {
		t.Errorf("not everything was tried: exit codes %v, rules %v", exits, rules)
	}
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

// anyPolicy has rules for some images, labels and jobs, perhaps not for all.
func anyPolicy(rng *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\ndatabase: {max-age: %s, when-older: %s}\nrules:\n", pick(rng, "24h", "7d"), pick(rng, "alert", "block"))
	action := func() string { return pick(rng, "ignore", "alert", "alert", "block") }
	scopes := []string{`scope: {images: ["registry.example.com/shop/*"]}, `, `scope: {labels: {tier: "*"}}, `, `scope: {jobs: ["release-*"]}, `,
		`scope: {images: ["a.tar", "docker.io/library/web"]}, `, ""}
	for i, scope := range scopes[:pick(rng, 4, 5)] {
		fmt.Fprintf(&b, "  - {name: r%d, %svulnerabilities: {%s, low: ignore%s%s}, ", i, scope,
			pick(rng, "critical: block, high: block, medium: alert, only-fixed: true", "critical: block, high: alert, medium: alert, max-allowed: {medium: 1}", "critical: alert, high: alert, medium: ignore"),
			pick(rng, "", ", block-if: {known-exploited: true, epss-at-least: 0.9}"), pick(rng, "", ", base-image: {critical: alert, high: alert}"))
		fmt.Fprintf(&b, "secrets: %s, end-of-life-distro: %s, incomplete: %s}\n", action(), action(), pick(rng, "alert", "block"))
	}
	fmt.Fprintf(&b, "exceptions:\n")
	for _, day := range []string{"2026-11-22", "2026-11-23", "2027-01-01"} {
		fmt.Fprintf(&b, "  - {id: CVE-%d, packages: [\"pkg:deb/debian/%s*\"], images: [%q], expires: %s, reason: x, owner: y}\n",
			rng.IntN(6), pick(rng, "libssl3", "openssl", ""), pick(rng, "*", "registry.example.com/*", "a.tar"), day)
	}
	return b.String()
}

func anyResult(rng *rand.Rand, now time.Time) *result.Result {
	day := func() time.Time {
		return pick(rng, time.Time{}, now, now.Add(-time.Second), now.AddDate(0, 0, -rng.IntN(20)), now.In(time.FixedZone("far east", 14*3600)))
	}
	source := pick(rng, "docker-archive", "registry", "docker", "")
	name := pick(rng, "a.tar", "web:1", "registry.example.com/shop/web:1@sha256:00", "registry:2", "docker:docker:27", "b\xff.tar")
	if rng.IntN(2) == 0 {
		name = source + ":" + name
	}
	r := &result.Result{SchemaVersion: result.SchemaVersion,
		Image: result.Image{Name: name, Source: source, Tags: pick(rng, nil, []string{"registry.example.com/shop/a:2"}),
			Labels: pick(rng, nil, map[string]string{}, map[string]string{"tier": ""}, map[string]string{"tier": "prod"})},
		Distro:   pick(rng, nil, &image.Distro{ID: "debian", Name: "Debian 10", EndOfLife: pick(rng, "", "2026-11-22", "2026-11-23", "2027-01-01")}),
		Database: result.Database{Newest: day()},
	}
	for i := range rng.IntN(4) {
		r.Layers = append(r.Layers, result.Layer{Index: i, Origin: pick(rng, image.OriginUnknown, image.OriginBase, image.OriginApp)})
	}
	for range rng.IntN(5) {
		f := finding.Finding{Kind: pick(rng, finding.Vulnerability, finding.Vulnerability, finding.Secret), ID: fmt.Sprint("CVE-", rng.IntN(6)),
			Severity: pick(rng, finding.Severities...), Layer: rng.IntN(len(r.Layers)+1) - 1, FixState: pick(rng, "", finding.Fixed, finding.NotFixed),
			FixDate: day(), FixFirstSeen: rng.IntN(2) == 0, KnownExploited: rng.IntN(4) == 0, Aliases: pick(rng, nil, []string{"CVE-1"}),
			Verdict: finding.Verdict{Action: finding.Pass}}
		if f.FixState == finding.Fixed {
			f.FixedIn = pick(rng, nil, []string{"2"}, []string{"3", "2:0"}, []string{"", "x\n"})
		}
		if rng.IntN(2) == 0 {
			f.EPSS = pick(rng, new(float64), pointer(0.9), pointer(1))
		}
		if f.Kind == finding.Vulnerability {
			f.Package = &finding.Package{Type: "deb", Name: "libssl3", Version: "1", PURL: "pkg:deb/debian/libssl3@1", Source: pick(rng, "", "openssl"), FirstLayer: -1}
		}
		r.Findings = append(r.Findings, f)
	}
	for i := range pick(rng, 0, 0, 1, 5) {
		r.Incomplete = append(r.Incomplete, finding.Gap{Kind: finding.Unreadable, Subject: fmt.Sprint("srv/", i), Reason: "reading it: cut short", Layer: -1})
	}
	return r
}

func pointer(f float64) *float64 { return &f }
