package policy

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The bounds of a policy file. A policy of a large company, with a thousand
// exceptions, stays below a third of each.
const (
	maxBytes    = 1 << 20 // of text
	maxValues   = 50_000  // read from it, those behind aliases counted each time
	maxProblems = 50      // reported; more would help nobody
)

// document is a YAML document that is being read, and what is wrong with it.
//
// The readers in values.go take a node and report what it should have been;
// they go on after a problem, so that one run shows all of them.
type document struct {
	file     string
	problems []Problem
	values   int // read so far
}

// report notes a problem at a node.
func (d *document) report(n *yaml.Node, format string, args ...any) {
	d.reportAt(n.Line, n.Column, format, args...)
}

func (d *document) reportAt(line, column int, format string, args ...any) {
	switch {
	case len(d.problems) > maxProblems:
		return
	case len(d.problems) == maxProblems:
		format, args = "more problems follow: correct those above first", nil
	}
	d.problems = append(d.problems, Problem{
		File: d.file, Line: max(line, 1), Column: max(column, 1), Message: fmt.Sprintf(format, args...),
	})
}

// value follows an alias, and counts, so that aliases of aliases end somewhere.
func (d *document) value(n *yaml.Node) (*yaml.Node, bool) {
	d.values++
	if d.values == maxValues {
		d.report(n, "the policy has more than %d values, those behind aliases counted each time: "+
			"use fewer aliases or split it", maxValues)
	}
	if d.values >= maxValues {
		return nil, false
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, true
}

// parseYAML reads the one document of a policy file. It returns nil when a
// problem is reported; the error is for a reader that fails.
func (d *document) parseYAML(r io.Reader) (*yaml.Node, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading policy %s: %w", d.file, err)
	}
	if len(text) > maxBytes {
		d.reportAt(1, 1, "the policy is larger than %d KiB: is it a policy? If so, split it", maxBytes>>10)
		return nil, nil
	}
	roots, err := documents(string(text))
	switch {
	case err != nil:
		d.reportSyntax(string(text), err)
	case len(roots) == 0:
		d.reportAt(1, 1, `the policy is empty: begin with "version: %d" and "rules:"`, Version)
	case len(roots) > 1:
		d.report(roots[1], "a second document begins here: keep one in each file")
	default:
		return roots[0].Content[0], nil
	}
	return nil, nil
}

// documents parses a text, but no further than its second document.
func documents(text string) ([]*yaml.Node, error) {
	var roots []*yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(text))
	for len(roots) < 2 {
		var root yaml.Node
		if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		roots = append(roots, &root)
	}
	return roots, nil
}

var (
	syntaxLine    = regexp.MustCompile(`^yaml: (line \d+: )?`)
	unknownAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced$`)
)

// reportSyntax places an error of the YAML parser and reports it.
func (d *document) reportSyntax(text string, err error) {
	if m := unknownAnchor.FindStringSubmatch(err.Error()); m != nil {
		before, _, _ := strings.Cut(text, "*"+m[1])
		line := strings.Count(before, "\n") + 1
		column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		d.reportAt(line, column, "there is no anchor &%s for this alias: define it above, or write the value out", m[1])
		return
	}
	d.reportAt(failingLine(text, message(err)), 1, "this is not YAML: %s", message(err))
}

// message is the parser's message without its line, which is that of the
// collection around the error, or one off.
func message(err error) string {
	return syntaxLine.ReplaceAllString(err.Error(), "")
}

// failingLine finds the line that makes the parser fail: the parser reads
// ahead by a token at most, so the text up to that line fails in the same way
// as the whole, and the text before it does not.
func failingLine(text, failure string) int {
	lines := strings.SplitAfter(text, "\n")
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		_, err := documents(strings.Join(lines[:i+1], ""))
		return err != nil && message(err) == failure
	})
}
