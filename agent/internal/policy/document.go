package policy

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

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
	var root, next yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		d.reportAt(1, 1, `the policy is empty: begin with "version: %d" and "rules:"`, Version)
		return nil, nil
	} else if err != nil {
		d.reportSyntax(string(text), err)
		return nil, nil
	}
	if err := decoder.Decode(&next); err == nil {
		d.report(&next, "a second document begins here: keep one in each file")
		return nil, nil
	} else if !errors.Is(err, io.EOF) {
		d.reportSyntax(string(text), err)
		return nil, nil
	}
	return root.Content[0], nil
}

var (
	syntaxLine    = regexp.MustCompile(`^yaml: line (\d+): `)
	unknownAnchor = regexp.MustCompile(`^yaml: unknown anchor '(.*)' referenced$`)
)

// reportSyntax places an error of the YAML parser, which knows the line but
// not the column, and of an unknown anchor only the name.
func (d *document) reportSyntax(text string, err error) {
	message, line, column := err.Error(), 1, 1
	if m := syntaxLine.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1]) // digits; too many of them leave the largest int
		message = message[len(m[0]):]
	}
	if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		before, _, _ := strings.Cut(text, "*"+m[1])
		line = strings.Count(before, "\n") + 1
		column = len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
		message = fmt.Sprintf("there is no anchor &%s for this alias: define it above, or write the value out", m[1])
	} else {
		message = "this is not YAML: " + strings.TrimPrefix(message, "yaml: ")
	}
	d.reportAt(line, column, "%s", message)
}
