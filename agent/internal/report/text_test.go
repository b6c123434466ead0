package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/result"
)

func harmlessText(t *testing.T, report []byte, _ Options, s string) {
	for i, c := range report {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Fatalf("byte %#x at %d: the text is ASCII", c, i)
		}
	}
	headings := regexp.MustCompile(`(?m)^[^ ].*\n--+$`).FindAllString(string(report), -1)
	if want := 1 + 6 + 4; len(headings) != want { // the image, its layers and the findings of none, what follows
		t.Errorf("%d headings, want %d, with %q: %q", len(headings), want, s, headings)
	}
	if strings.Count(string(report), "\nverdict: ") != 1 || !strings.Contains(string(report), "\nverdict: BLOCK (exit code 2)\n") {
		t.Errorf("not one verdict:\n%s", report)
	}
	if strings.Contains(string(report), "##vso[") || regexp.MustCompile(`(?m)^\s*::`).Match(report) {
		t.Errorf("a log command:\n%s", report)
	}
}

// TestTextIsComplete: every finding has its paragraph, with all that decides.
func TestTextIsComplete(t *testing.T) {
	for name, r := range map[string]*result.Result{"shop": shop(), "crowded": crowded()} {
		paragraphs := make(map[string]string)
		for _, p := range strings.Split(string(render(t, "text", r, Options{})), "\n\n") {
			if _, fingerprint, ok := strings.Cut(p, "fingerprint: "); ok {
				paragraphs[strings.TrimSpace(fingerprint)] = strings.Join(strings.Fields(p), " ")
			}
		}
		for _, f := range r.Findings {
			want := []string{"[" + actionWord(f.Verdict.Action) + "] " + f.Severity.String() + " ", f.ID + " in ", "why: " + f.Verdict.Reason, f.Path}
			if f.Package != nil {
				want = append(want, f.Package.Name+" "+f.Package.Version, f.Package.PURL)
				want = append(want, f.FixedIn...)
			}
			for _, w := range want {
				if p := paragraphs[f.Fingerprint]; !strings.Contains(p, w) {
					t.Errorf("%s: %q is missing in the paragraph of %s: %s", name, w, f.ID, p)
				}
			}
		}
	}
}

// TestTextListsAll: a remedy may clear more ids than one text may be long.
func TestTextListsAll(t *testing.T) {
	r := crowded()
	for _, f := range r.Findings {
		r.Remedies[0].IDs = append(r.Remedies[0].IDs, f.ID)
	}
	_, remedies, _ := strings.Cut(string(render(t, "text", r, Options{})), "\nto clear what blocks\n")
	for _, f := range r.Findings {
		if !strings.Contains(remedies, f.ID) {
			t.Errorf("%s is missing", f.ID)
		}
	}
}
