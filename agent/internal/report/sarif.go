package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/owenrumney/go-sarif/v2/sarif"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// maxSARIFResults is how many results GitHub's code scanning takes in one run;
// it rejects a file with more, and shows the 5,000 worst. No run has more
// rules than results, and GitHub takes as many rules.
const maxSARIFResults = 25_000

// The types below add to the library's what it cannot write: it turns a
// suppression's optional properties into nulls, which the schema forbids, and
// leaves out an empty list of suppressions, which means "not suppressed".

type sarifLog struct {
	*sarif.Report
	Runs []sarifRun `json:"runs"`
}

type sarifRun struct {
	*sarif.Run
	Results []sarifResult `json:"results"`
}

type sarifResult struct {
	*sarif.Result
	Suppressions []sarifSuppression `json:"suppressions"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification,omitempty"`
}

// writeSARIF writes SARIF 2.1.0 as GitHub's code scanning wants it: a rule for
// each id, a result for each finding, worst first. GitHub reads neither
// invocations nor suppressions, so an incomplete scan has a result too, and
// what an exception allows has the level note.
func writeSARIF(w io.Writer, r *result.Result, _ Options) error {
	log, err := sarif.New(sarif.Version210)
	if err != nil {
		return fmt.Errorf("beginning a SARIF log: %w", err)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(sarifLog{Report: log, Runs: []sarifRun{newSARIFRun(r)}}); err != nil {
		return fmt.Errorf("encoding SARIF: %w", err)
	}
	_, err = w.Write(escapeJSON(b.Bytes()))
	return err
}

func newSARIFRun(r *result.Result) sarifRun {
	b := sarifBuilder{result: r, at: make(map[string]int), seen: make(map[string]int), results: []sarifResult{}}
	b.wholeImage()
	shown := worstFirst(r.Findings)
	if room := maxSARIFResults - len(b.results); len(shown) > room {
		shown = shown[:room]
	}
	for _, f := range shown {
		b.add(f)
	}
	run := sarif.NewRunWithInformationURI("Layergate", "https://github.com/layergate/layergate")
	setVersion(run.Tool.Driver, r.Tool.Version)
	run.Tool.Driver.Rules = b.descriptors()
	run.Invocations = []*sarif.Invocation{invocation(r, len(shown))}
	run.AutomationDetails = sarif.NewRunAutomationDetails().WithID(sarifCategory(r))
	run.OriginalUriBaseIDs = map[string]*sarif.ArtifactLocation{
		sourceRoot: sarif.NewArtifactLocation().WithDescriptionText("The root of the repository that the image is built from."),
		imageRoot:  sarif.NewArtifactLocation().WithDescriptionText("The root file system of the image."),
	}
	run.Properties = runProperties(r)
	return sarifRun{Run: run, Results: b.results}
}

// worstFirst orders findings as a reader wants them who may stop early: by
// action, then by severity; otherwise the order stays.
func worstFirst(findings []finding.Finding) []*finding.Finding {
	order := make([]*finding.Finding, len(findings))
	for i := range findings {
		order[i] = &findings[i]
	}
	slices.SortStableFunc(order, func(a, b *finding.Finding) int {
		return cmp.Or(cmp.Compare(weight(b.Verdict.Action), weight(a.Verdict.Action)), cmp.Compare(b.Severity, a.Severity))
	})
	return order
}

// semanticVersion is a version by https://semver.org, after the v of Go's.
var semanticVersion = regexp.MustCompile(`^v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$`)

func setVersion(driver *sarif.ToolComponent, version string) {
	switch m := semanticVersion.FindStringSubmatch(version); {
	case m != nil:
		driver.WithSemanticVersion(m[1])
	case version != "":
		driver.WithVersion(EscapeTerminal(version))
	}
}

// sarifCategory keeps the analyses of several images apart, and finds the earlier
// one of the same image. GitHub takes all before the last slash for it, and
// closes the alerts of a category that a new upload does not have; so nothing
// may be in it that changes from build to build: neither tag nor digest.
func sarifCategory(r *result.Result) string {
	parts := []string{EscapeTerminal(imageRepository(r.Image))}
	if p := platform(r.Image.Platform); p != "" {
		parts = append(parts, EscapeTerminal(p))
	}
	return strings.Join(parts, "/") + "/"
}

// imageRepository is an image's name without what changes from build to build: tag
// and digest. Of an image in a file only the file's name counts, since folders
// differ from machine to machine.
func imageRepository(img result.Image) string {
	name := img.Name
	if img.Location != "" && strings.Contains(img.Name, img.Location) {
		name = img.Location[strings.LastIndexByte(img.Location, '/')+1:]
	}
	return cmp.Or(strings.Trim(image.Repository(name), "/"), "image")
}
