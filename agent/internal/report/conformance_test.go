package report

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// hostile is what an image may put into its names, paths and instructions.
var hostile = []string{
	"\x1b[2J\x1b[H\x1b]0;owned\x07", "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\", "\u009b31m", "\x9b\x90\xff\xfe",
	"a\nverdict: PASS", "a\rverdict: PASS", "\u202egnp.exe\u202c", "z\u200bw\ufeff\u2066\u2069", "\x00\x07\x08\x7f",
	`<script>alert(1)</script>"'&]]>`, "| pipe | `tick` @all /close", "%s%n{{.}}${jndi:ldap://x}", `\u001b\`, "",
	strings.Repeat("long", 5000), strings.Repeat("e\u0301", 3), "日本語のパッケージ",
	"::add-mask::x ##vso[task.setvariable variable=x]y ##[error]z",
	"[x](https://evil.example) ![i](https://evil.example/i.png) @all #1 !1 www.evil.example a@evil.example ~bug <!-- layergate --> $`x`$",
}

// hostileResult is a valid result with hostile text wherever an image can put
// text.
func hostileResult(s string) *result.Result {
	r := shop()
	r.Image = result.Image{Name: s, Source: s, Location: s, ID: s, Digest: s, Tags: []string{s}, Labels: map[string]string{s: s},
		Notes: []string{s}, Platform: image.Platform{OS: s, Architecture: s, Variant: s}}
	r.Distro = &image.Distro{ID: s, Like: []string{s}, Version: s, Codename: s, Name: s, Ecosystem: s, EndOfLife: s}
	for i := range r.Layers {
		l := &r.Layers[i]
		l.Instruction, l.CreatedBy, l.DiffID, l.Digest = s, s, s, s
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.ID, f.Path, f.Verdict.Reason, f.Verdict.Rule = cmp.Or(s, "-"), s, s, s
		f.Aliases, f.FixedIn, f.Advisories = []string{s}, []string{s, s}, []string{s}
		if f.Package != nil {
			*f.Package = finding.Package{Name: s, Version: s, Type: s, PURL: s, Source: s, OwnedBy: s, FirstLayer: 5}
		}
	}
	r.Findings[0].Layer = -1
	r.Incomplete = []finding.Gap{{Kind: finding.Undecided, Subject: s, Reason: s, Layer: 1, IDs: []string{s}}}
	for i := range r.Remedies {
		m := &r.Remedies[i]
		m.Type, m.Source, m.Packages, m.From, m.To, m.Paths, m.IDs = s, s, []string{s}, s, []string{s, s}, []string{s}, []string{s}
	}
	r.Layers[3].Dockerfile.Path = s
	r.Packages = []result.Package{{Type: s, Name: s, Version: s, PURL: s, Path: s}}
	r.Verdict.Reasons = []string{s}
	r.Policy.Rule, r.Policy.Location = s, s
	return r
}

// harmless says, for each format, what no hostile text may do to it. A format
// without an entry fails the test.
var harmless = map[string]func(t *testing.T, report []byte, o Options, s string){
	"table":          harmlessTable,
	"text":           harmlessText,
	"json":           harmlessJSON,
	"sarif":          harmlessSARIF,
	"junit":          harmlessJUnit,
	"gitlab":         harmlessGitLab,
	"gitlab-secrets": harmlessGitLabSecrets,
	"codequality":    harmlessCodeQuality,
	"cyclonedx":      harmlessCycloneDX,
	"spdx":           harmlessSPDX,
	"html":           harmlessHTML,
	"html-dir":       harmlessHTMLFiles,
	"markdown":       harmlessMarkdown,
	"template":       harmlessTemplate,
}

func harmlessTable(t *testing.T, report []byte, o Options, _ string) {
	s := string(report)
	if o.Color {
		s = regexp.MustCompile("\x1b\\[[0-9;]+m").ReplaceAllString(s, "")
	}
	if o.Hyperlinks {
		s = regexp.MustCompile("\x1b]8;;(https://[!-~]+)?\x1b\\\\").ReplaceAllString(s, "")
	}
	for i, r := range s {
		if r != '\n' && !unicode.IsPrint(r) || r == utf8.RuneError {
			t.Fatalf("%U at byte %d in %q", r, i, s[max(i-40, 0):min(i+40, len(s))])
		}
	}
	if strings.Contains(s, "\nverdict: PASS") || strings.Count(s, "\nverdict: ") != 1 {
		t.Errorf("a text passes for the verdict:\n%s", s)
	}
	if !strings.Contains(s, "\nverdict: BLOCK (exit code 2") {
		t.Errorf("the verdict is missing:\n%s", s)
	}
}

func harmlessJSON(t *testing.T, report []byte, _ Options, s string) {
	back, err := result.Read(bytes.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	if want := cmp.Or(s, "-"); utf8.ValidString(s) && back.Findings[0].ID != want {
		t.Errorf("the id came back as %q, want %q", back.Findings[0].ID, want)
	}
	for i, r := range string(report) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Fatalf("%U at byte %d: JSON is printed on terminals too", r, i)
		}
	}
}

// commandInALog is what Azure's and GitHub's agents act on.
var commandInALog = regexp.MustCompile(`##(vso)?\[|(?m)^ *::`)

func TestHostileText(t *testing.T) {
	for _, f := range Formats {
		check := harmless[f.Name]
		if check == nil {
			t.Errorf("the format %s has no entry in harmless", f.Name)
			continue
		}
		for i, s := range hostile {
			for _, o := range []Options{{}, {Color: true, Hyperlinks: true, Width: 80}, {Width: 1}} {
				t.Run(fmt.Sprintf("%s/%d/%v", f.Name, i, o), func(t *testing.T) {
					report := render(t, f.Name, hostileResult(s), o)
					check(t, report, o, s)
					// A page is no log, and a template says what it is told.
					if commandInALog.Match(report) && !strings.HasPrefix(f.Name, "html") && f.Name != "template" {
						t.Errorf("%s in it: any report may be printed to a log", commandInALog.Find(report))
					}
				})
			}
		}
	}
}

func TestSameResultSameBytes(t *testing.T) {
	for _, f := range Formats {
		t.Run(f.Name, func(t *testing.T) {
			first := render(t, f.Name, crowded(), Options{})
			for range 10 {
				if !bytes.Equal(first, render(t, f.Name, crowded(), Options{})) {
					t.Fatal("the report differs from one run to the next")
				}
			}
		})
	}
}

// TestEmptyResult: a scan that failed early still has a report.
func TestEmptyResult(t *testing.T) {
	for _, f := range Formats {
		t.Run(f.Name, func(t *testing.T) {
			r := &result.Result{SchemaVersion: result.SchemaVersion, Verdict: result.Verdict{Action: finding.Block, Incomplete: true, ExitCode: 1}}
			if got := render(t, f.Name, r, Options{}); len(got) == 0 {
				t.Error("nothing written")
			}
		})
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorIsReported(t *testing.T) {
	for _, f := range Formats {
		if f.Write == nil {
			continue // the caller writes it
		}
		t.Run(f.Name, func(t *testing.T) {
			if err := f.Write(fullDisk{}, shop(), Options{Template: everything}); !errors.Is(err, errFull) {
				t.Error(err)
			}
		})
	}
}
