package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/layergate/layergate/agent/internal/result"
)

// maxJUnitBytes keeps the file below the 30 MB that GitLab reads. The least bad
// findings are left out, and a case says so.
const maxJUnitBytes = 24 << 20

// maxJUnitGaps and maxJUnitFacts are what gaps take besides the findings, and the reasons or the remedies of
// the verdict, before they are escaped.
const (
	maxJUnitGaps  = 3 << 20
	maxJUnitFacts = 128 << 10
)

type junitSuites struct {
	XMLName xml.Name `xml:"testsuites"`
	Name    string   `xml:"name,attr"`
	junitCounts
	Suites []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name string `xml:"name,attr"`
	junitCounts
	Timestamp  string           `xml:"timestamp,attr,omitempty"`
	Properties *junitProperties `xml:"properties"`
	Cases      []*junitCase     `xml:"testcase"`
}

type junitCounts struct {
	Tests    int    `xml:"tests,attr"`
	Failures int    `xml:"failures,attr"`
	Errors   int    `xml:"errors,attr"`
	Skipped  int    `xml:"skipped,attr"`
	Time     string `xml:"time,attr"`
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// junitCase has one of Failure, Error and Skipped, or SystemOut: GitLab takes
// "[[ATTACHMENT|file]]" in the output of a failure for a link to a file, and
// there is much in an output that is an image's.
type junitCase struct {
	Class     string        `xml:"classname,attr"`
	Name      string        `xml:"name,attr"`
	File      string        `xml:"file,attr,omitempty"`
	Time      string        `xml:"time,attr"`
	Failure   *junitOutcome `xml:"failure"`
	Error     *junitOutcome `xml:"error"`
	Skipped   *junitOutcome `xml:"skipped"`
	SystemOut *junitOutcome `xml:"system-out"`

	path string // tells cases apart that are otherwise alike; may be empty
}

// junitOutcome is why a case did not pass. Jenkins shows the message of a
// skipped case and both of a failed one, GitLab the text only.
type junitOutcome struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",cdata"`
}

// writeJUnit writes JUnit XML for Jenkins and GitLab: a suite for each layer, a
// case for each finding, and a suite about the scan itself.
//
// What blocks has failed. What alerts was skipped: both pipelines show skipped
// cases as a group of their own, with their text, and do not turn red; GitLab
// shows nothing of a passed case but its name. What is ignored has passed, with
// its reason as output. Gaps that the policy does not accept are errors, so a
// broken scan is red.
func writeJUnit(w io.Writer, r *result.Result, _ Options) error {
	doc := junitSuites{Name: "Layergate: " + junitText(r.Image.Name)}
	doc.Time = "0"
	layers, shown := layerSuites(r)
	doc.Suites = append([]*junitSuite{scanSuite(r, shown)}, layers...)
	nameCases(doc.Suites)
	for _, s := range doc.Suites {
		if !r.Created.IsZero() {
			s.Timestamp = r.Created.UTC().Format("2006-01-02T15:04:05")
		}
		s.Time = "0"
		for _, c := range s.Cases {
			c.Time = "0"
			s.count(c)
		}
		doc.Tests += s.Tests
		doc.Failures += s.Failures
		doc.Errors += s.Errors
		doc.Skipped += s.Skipped
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	enc := xml.NewEncoder(&b)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("encoding JUnit XML: %w", err)
	}
	b.WriteByte('\n')
	_, err := w.Write(b.Bytes())
	return err
}

func (n *junitCounts) count(c *junitCase) {
	n.Tests++
	switch {
	case c.Failure != nil:
		n.Failures++
	case c.Error != nil:
		n.Errors++
	case c.Skipped != nil:
		n.Skipped++
	}
}

// junitText makes text from an image fit for XML, on one line: what XML cannot
// have, and what nobody can see, is shown escaped.
func junitText(s string) string {
	return strings.ReplaceAll(EscapeTerminal(s), "[[ATTACHMENT|", `[\x5bATTACHMENT|`)
}
