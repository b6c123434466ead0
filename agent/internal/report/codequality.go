package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// codeIssue is one entry of GitLab's Code Quality report (GitLab's
// documentation, "Code Quality report format"). GitLab stops reading at the
// first entry that lacks a field, so every entry has all of them. Other tools'
// entries are in the same list: engine_name says whose this is.
type codeIssue struct {
	Description string   `json:"description"`
	CheckName   string   `json:"check_name"`
	EngineName  string   `json:"engine_name"`
	Fingerprint string   `json:"fingerprint"`
	Severity    string   `json:"severity"` // info, minor, major, critical or blocker
	Location    codeLine `json:"location"`
}

type codeLine struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// writeCodeQuality writes an entry for every finding, ignored ones too, and for
// what no finding says: GitLab would show an empty report of a broken scan as
// "no changes to code quality".
//
// A merge request shows the entries whose fingerprints the target branch does
// not have, by severity. So a fingerprint has nothing that changes from build
// to build.
func writeCodeQuality(w io.Writer, r *result.Result, _ Options) error {
	issues := []codeIssue{}
	ns := notices(r)
	for i := range ns {
		n := &ns[i]
		issues = append(issues, newCodeIssue(r, n.layer, "", n.id, n.sentence(r), n.severity(), n.key))
	}
	prints := fingerprints(r)
	for i := range r.Findings {
		f := &r.Findings[i]
		issues = append(issues, newCodeIssue(r, f.Layer, f.Path, f.ID, describe(r, f), codeSeverity(f), prints[i]))
	}
	slices.SortStableFunc(issues, func(a, b codeIssue) int {
		return cmp.Compare(slices.Index(codeSeverities, a.Severity), slices.Index(codeSeverities, b.Severity))
	})
	return writeGitLabJSON(w, issues)
}

func newCodeIssue(r *result.Result, layer int, file, check, description, severity, fingerprint string) codeIssue {
	return codeIssue{
		Description: clip(widgetText(description), maxDescribed),
		CheckName:   clipName(check, maxIdentifier),
		EngineName:  "layergate",
		Fingerprint: clipName(fingerprint, maxIdentifier),
		Severity:    severity,
		Location:    codeLocation(r, layer, file),
	}
}

// How many characters of a description's parts are shown, and of all: it is one
// line of a list.
const (
	shownTitle       = 250
	shownInstruction = 80
	shownReason      = 350
	maxDescribed     = 1000
)

var codeSeverities = []string{"blocker", "critical", "major", "minor", "info"}

// codeSeverity is what a finding means for the merge. A blocker is what the
// policy blocks, and nothing else is one. What it ignores is info. In between
// the finding's own severity counts.
func codeSeverity(f *finding.Finding) string {
	switch {
	case f.Verdict.Action == finding.Block:
		return "blocker"
	case f.Verdict.Action == finding.Ignore:
		return "info"
	}
	switch f.Severity {
	case finding.Critical:
		return "critical"
	case finding.High:
		return "major"
	case finding.Medium, finding.Unknown:
		return "minor"
	}
	return "info"
}

func (n *notice) severity() string {
	if n.grave {
		return "blocker"
	}
	return "major"
}

// describe says in a line what is wrong, where, what to do, and why it counts.
// Each part is cut by itself, so that none pushes another out.
func describe(r *result.Result, f *finding.Finding) string {
	where := noLayer
	if l, ok := layerAt(r, f.Layer); ok {
		where = strings.TrimSpace(fmt.Sprintf("%s layer %d: ", l.Origin, f.Layer)) + " " + shorten(EscapeTerminal(instruction(l)), shownInstruction)
	}
	said := shorten(EscapeTerminal(title(f)), shownTitle) + " (" + where + "): " + shorten(EscapeTerminal(shortAdvice(f)), shownInstruction) + "."
	if f.KnownExploited {
		said += " Known to be exploited."
	}
	said += " The policy " + policyVerb(f.Verdict.Action) + " it"
	if f.Verdict.Reason != "" {
		said += ": " + shorten(EscapeTerminal(f.Verdict.Reason), shownReason)
	}
	return said
}

// shortAdvice is what to do, in a few words: the line has no place for solution.
func shortAdvice(f *finding.Finding) string {
	fix, isVersion := fixOf(f)
	switch {
	case isVersion:
		return "upgrade to " + fix
	case f.Package == nil:
		return "resolve it"
	case f.FixState == finding.WillNotFix:
		return "the vendor will not fix it"
	case f.FixState == finding.NotFixed:
		return "there is no fix yet"
	}
	return "it is not known whether there is a fix"
}

// noMarkup writes what the merge request widget has ever acted on in another
// way: some versions of GitLab take tags for HTML, all take %{…} for styles.
// HTML's escapes would be shown as they are by the others.
var noMarkup = strings.NewReplacer("<", "‹", ">", "›", "%{", "% {")

func widgetText(s string) string { return noMarkup.Replace(EscapeTerminal(s)) }

// codeLocation is the instruction's line in the Dockerfile. An instruction that
// is not in it is the base image's, and what to change is in that Dockerfile
// still: its first line. Without a Dockerfile it is the file in the image, or
// the image. GitLab shows a path that the repository does not have, but its
// link leads nowhere.
func codeLocation(r *result.Result, layer int, file string) codeLine {
	at := codeLine{Path: cmp.Or(file, r.Image.Name)}
	at.Lines.Begin = 1
	if i := slices.IndexFunc(r.Layers, func(l result.Layer) bool { return l.Dockerfile != nil }); i >= 0 {
		at.Path = r.Layers[i].Dockerfile.Path
	}
	if l, ok := layerAt(r, layer); ok && l.Dockerfile != nil {
		at.Path, at.Lines.Begin = l.Dockerfile.Path, l.Dockerfile.Line
	}
	// Clean and relative, without "./" and "..", as GitLab wants paths.
	at.Path = cmp.Or(strings.TrimPrefix(path.Clean("/"+EscapeTerminal(at.Path)), "/"), "Dockerfile")
	return at
}

// fingerprints names the findings for GitLab, which drops all but one of those
// that share a fingerprint. A finding's own leaves out the package's version;
// of several in one path, the second and later get one of their own, by their
// order of version and path.
func fingerprints(r *result.Result) []string {
	order := make([]int, len(r.Findings))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(versionOf(&r.Findings[a]), versionOf(&r.Findings[b])), cmp.Compare(r.Findings[a].Path, r.Findings[b].Path))
	})
	prints, seen := make([]string, len(r.Findings)), make(map[string]int)
	for _, i := range order {
		f := &r.Findings[i]
		own := f.Fingerprint
		if own == "" {
			l, _ := layerAt(r, f.Layer)
			own = finding.Fingerprint(*f, cutField(l.Instruction))
		}
		prints[i] = own
		if unique := distinctID(seen, own); unique != own {
			sum := sha256.Sum256([]byte(unique))
			prints[i] = hex.EncodeToString(sum[:16])
		}
	}
	return prints
}

func versionOf(f *finding.Finding) string {
	if f.Package == nil {
		return ""
	}
	return f.Package.Version
}
