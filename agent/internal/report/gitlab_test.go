package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

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

// TestGitLabNeverLooksClean: what was not scanned, and a verdict that no
// finding explains, are entries of their own.
func TestGitLabNeverLooksClean(t *testing.T) {
	failed := clean()
	failed.Failed = "opening web.tar: no such file"
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

// TestGitLabIdentifiers: an id that two entries of one package share would make
// them one.
func TestGitLabIdentifiers(t *testing.T) {
	r := shop()
	for i := range r.Findings[6:9] { // three CVEs of log4j
		r.Findings[6+i].Aliases = []string{"USN-1-1", fmt.Sprintf("GHSA-%d", i)}
	}
	for i := range 30 {
		r.Findings[0].Aliases = append(r.Findings[0].Aliases, fmt.Sprintf("GHSA-%d", i), "odd @all [x](y)")
	}
	for _, v := range readGitLab(t, "gitlab", r, Options{}).Vulnerabilities {
		var ids, links []string
		for _, id := range v.Identifiers {
			ids = append(ids, id.Type+" "+id.Value)
		}
		for _, l := range v.Links {
			links = append(links, l.Name)
		}
		switch {
		case v.Name == "CVE-2021-45046 in org.apache.logging.log4j:log4j-core":
			if diff := cmp.Diff([]string{"cve CVE-2021-45046", "ghsa GHSA-1"}, ids); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"CVE-2021-45046", "USN-1-1", "GHSA-1"}, links); diff != "" {
				t.Error(diff)
			}
		case len(ids) == 20:
			if ids[0] != "cve CVE-2023-4911" || ids[2] != "layergate_vulnerability odd%20%40all%20%5Bx%5D%28y%29" {
				t.Errorf("got %q", ids)
			}
		}
	}
}

// TestGitLabVectors: one vector that GitLab does not take costs the report.
func TestGitLabVectors(t *testing.T) {
	f := finding.Finding{Ratings: []finding.Rating{
		{Source: "A", Method: "CVSS_V4", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"},
		{Source: "", Method: "CVSS_V3", Vector: "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{Source: "B", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H"},
		{Source: "B", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{Source: "B", Method: "CVSS_V3", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{Source: "C", Method: "CVSS_V2", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:C"},
		{Source: "C", Method: "CVSS_V2", Vector: "AV:N/AC:L/Au:N/C:P/I:P/A:C/<b>"},
		{Source: "D", Method: "distro"},
	}}
	want := []gitlabVector{
		{"unknown", "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{"B", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"},
		{"C", "AV:N/AC:L/Au:N/C:P/I:P/A:C"},
	}
	if diff := cmp.Diff(want, gitlabVectors(&f)); diff != "" {
		t.Error(diff)
	}
}

// TestGitLabImage: cut at its last colon, as GitLab does, a name is still one
// that no other image has.
func TestGitLabImage(t *testing.T) {
	id := digest("1d")
	for _, test := range []struct{ name, source, tag, id, want string }{
		{"registry.example.com/shop/web:1.2", "registry", "", id, "registry.example.com/shop/web:1.2"},
		{"web@" + id, "registry", "", id, "web@" + id},
		{"localhost:5000/shop/web", "registry", "", id, "localhost:5000/shop/web@" + id},
		{"shop.tar", "docker-archive", "", id, "shop.tar@" + id},
		{"docker-archive:shop.tar", "docker-archive", "", id, "shop.tar@" + id},
		{"/builds/x1/shop.tar", "docker-archive", "", id, "shop.tar@" + id},
		{"/builds/x1/shop.tar", "docker-archive", "shop/web:2", id, "shop/web:2"},
		{"/builds/x1/shop.tar", "oci-archive", "1.4.2", id, "shop.tar@" + id},
		{"shop.tar", "rootfs", "", "", "shop.tar:latest"},
		{"", "", "", "", "unknown:latest"},
		{strings.Repeat("x", 300) + ":1.2", "registry", "shop/web:2", id, "shop/web:2"},
	} {
		r := &result.Result{Image: result.Image{Name: test.name, Source: test.source, Tags: []string{test.tag}, ID: test.id}}
		if got := gitlabImage(r); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestGitLabDefaultBranchImage(t *testing.T) {
	g := readGitLab(t, "gitlab", shop(), Options{DefaultBranchImage: "registry.example.com/shop/web:main"})
	if got := g.Vulnerabilities[0].Location.DefaultBranchImage; got != "registry.example.com/shop/web:main" {
		t.Errorf("got %q", got)
	}
	g = readGitLab(t, "gitlab", shop(), Options{DefaultBranchImage: strings.Repeat("x", 256)})
	if got := g.Vulnerabilities[0].Location.DefaultBranchImage; got != "" || !strings.Contains(fmt.Sprint(g.Scan.Messages), "left out") {
		t.Errorf("got %q and %q", got, g.Scan.Messages)
	}
}

// TestClipName: names that are long and alike stay apart.
func TestClipName(t *testing.T) {
	long := strings.Repeat("é", 300)
	a, b := clipName(long+"a", 200), clipName(long+"b", 200)
	if a == b || len([]rune(a)) != 200 || clipName("short", 200) != "short" {
		t.Errorf("%q and %q", a, b)
	}
}
