package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

const (
	maxJUnitName  = 255 // characters of a name that GitLab keeps
	maxJUnitTitle = 160 // columns of an instruction in a name; the text has all
)

// layerSuites are the findings by layer, lowest layer first, in each the worst
// first. Findings of no layer that can be named come last. shown is how many
// findings there was room for.
func layerSuites(r *result.Result) (suites []*junitSuite, shown int) {
	byLayer := make(map[int]*junitSuite)
	room := maxJUnitBytes
	for _, f := range worstFirst(r.Findings) {
		c := findingCase(r, f)
		if room -= c.size(); room < 0 {
			break
		}
		shown++
		at := f.Layer
		if _, ok := layerAt(r, at); !ok {
			at = len(r.Layers)
		}
		s := byLayer[at]
		if s == nil {
			s = &junitSuite{Name: shorten(junitText(layerTitle(r, at)), maxJUnitTitle)}
			byLayer[at] = s
		}
		s.Cases = append(s.Cases, c)
	}
	for i := range len(r.Layers) + 1 {
		if s := byLayer[i]; s != nil {
			suites = append(suites, s)
		}
	}
	return suites, shown
}

// size is about how many bytes a case takes. Attributes are escaped, text is
// CDATA.
func (c *junitCase) size() int {
	n := 200 + escapedSize(c.Class) + escapedSize(c.Name+c.path) + escapedSize(c.File)
	for _, o := range []*junitOutcome{c.Failure, c.Error, c.Skipped, c.SystemOut} {
		if o != nil {
			n += escapedSize(o.Message) + len(o.Text)
		}
	}
	return n
}

// escapedSize is how many bytes text takes in an attribute.
func escapedSize(s string) int {
	n := len(s)
	for _, c := range []string{"&", "<", ">", `"`, "'"} {
		n += strings.Count(s, c) * len("amp;")
	}
	return n
}

func findingCase(r *result.Result, f *finding.Finding) *junitCase {
	c := &junitCase{Class: className(r, layerTitle(r, f.Layer)), Name: caseName(f), path: junitText(f.Path)}
	if l, ok := layerAt(r, f.Layer); ok && l.Dockerfile != nil {
		c.File = junitText(l.Dockerfile.Path)
	}
	text := findingText(r, f)
	message := junitText(verdictSentence(f))
	switch f.Verdict.Action {
	case finding.Block:
		c.Failure = &junitOutcome{Message: message, Type: string(finding.Block), Text: text}
	case finding.Alert:
		c.Skipped = &junitOutcome{Message: message + " " + junitText(solution(r, f)), Text: text}
	default:
		c.SystemOut = &junitOutcome{Text: text}
	}
	return c
}

// className shows where a case belongs. Jenkins takes all before the last dot
// for a package, and lists packages first: that is to be the image, and the
// instruction's own dots must not count. GitLab shows the class as the suite.
func className(r *result.Result, title string) string {
	image := imageRepository(r.Image)
	if host, rest, ok := strings.Cut(image, "/"); ok && strings.ContainsAny(host, ".:") {
		image = rest
	}
	title = shorten(junitText(title), maxJUnitTitle)
	return strings.ReplaceAll(junitText(image), ".", "_") + "." + strings.ReplaceAll(title, ".", oneDotLeader)
}

// oneDotLeader looks like a dot and is none.
const oneDotLeader = "\u2024"

func caseName(f *finding.Finding) string {
	name := f.ID + " " + subject(f)
	if f.Kind != finding.Vulnerability {
		name = kindWord(f.Kind) + " " + name
	}
	return shorten(junitText(name), maxJUnitName)
}

// nameCases makes the names unique in the whole document, by their file or
// else by number: GitLab drops what has the name of another.
func nameCases(suites []*junitSuite) {
	var cases []*junitCase
	for _, s := range suites {
		cases = append(cases, s.Cases...)
	}
	times := make(map[string]int, len(cases))
	for _, c := range cases {
		times[c.Name]++
	}
	taken := make(map[string]int, len(cases)) // by name: the number to go on from
	for _, c := range cases {
		if c.path != "" && times[c.Name] > 1 {
			c.Name = shorten(c.Name+" in "+c.path, maxJUnitName)
		}
		name := c.Name
		for taken[c.Name] > 0 {
			taken[name]++
			c.Name = fmt.Sprintf("%s (%d)", name, taken[name])
		}
		taken[c.Name]++
	}
}

// findingText is everything that helps with one finding, a line for each.
func findingText(r *result.Result, f *finding.Finding) string {
	facts := append([]labelled{{"what", title(f)}, {"layer", layerTitle(r, f.Layer)}}, placeFacts(r, f)...)
	facts = append(facts, labelled{"about", strings.Join(idFacts(f, junitText), " ")}, labelled{"more", Link(f.ID)})
	return factLines(facts)
}

// factLines aligns facts; those without a text are left out.
func factLines(facts []labelled) string {
	var b strings.Builder
	for _, f := range facts {
		if f.text != "" {
			fmt.Fprintf(&b, "%-13s%s\n", f.name+":", junitText(f.text))
		}
	}
	return cmp.Or(b.String(), "-\n")
}
