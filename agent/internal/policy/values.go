package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/layergate/layergate/agent/internal/finding"
)

// maxText bounds a name, a pattern or a reason, in bytes.
const maxText = 1000

// readers are the keys that a mapping may have, each with what reads its value.
type readers map[string]func(*yaml.Node)

// mapping reads a mapping and returns the nodes of the keys that it has. It
// reports keys that are unknown, written twice, or missing though required.
func (d *document) mapping(n *yaml.Node, what string, read readers, required ...string) map[string]*yaml.Node {
	m, ok := d.kind(n, yaml.MappingNode, what, "a mapping (key: value)")
	if !ok {
		return nil
	}
	seen := map[string]*yaml.Node{}
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := m.Content[i], m.Content[i+1]
		first, twice := seen[key.Value]
		reader, known := read[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			d.report(key, "a key of %s must be plain text: write it out", what)
		case key.ShortTag() == "!!merge":
			d.report(key, "merge keys (<<) are not read: write the keys out")
		case !known:
			d.report(key, "%s has no key %q: %s", what, cut(key.Value), suggest(key.Value, slices.Sorted(maps.Keys(read))))
		case twice:
			d.report(key, "%s has %q twice, first in line %d: keep one", what, key.Value, first.Line)
		default:
			seen[key.Value] = key
			reader(value)
		}
	}
	for _, key := range required {
		if seen[key] == nil {
			d.report(m, "%s has no %q: add it", what, key)
		}
	}
	return seen
}

// list reads a list that has something in it.
func (d *document) list(n *yaml.Node, what string, item func(*yaml.Node)) {
	l, ok := d.kind(n, yaml.SequenceNode, what, "a list")
	if !ok {
		return
	}
	if len(l.Content) == 0 {
		d.report(l, "%s is an empty list: put something in it, or remove the key", what)
	}
	for _, c := range l.Content {
		item(c)
	}
}

// kind follows aliases to a node that must be of a kind.
func (d *document) kind(n *yaml.Node, kind yaml.Kind, what, want string) (*yaml.Node, bool) {
	v, ok := d.value(n)
	if ok && v.Kind != kind {
		got := describe(v)
		if n.Line == 1 && n.Column == 1 && v.Kind == yaml.ScalarNode {
			// Perhaps not a policy at all but a key or a token, named by
			// mistake: logs are no place for it.
			got = "plain text"
		}
		d.report(n, "%s is %s: write %s", what, got, want)
		ok = false
	}
	return v, ok
}

// scalar reads a value of one of YAML's scalar types, such as "!!int".
func (d *document) scalar(n *yaml.Node, what, want string, tags ...string) (string, bool) {
	v, ok := d.value(n)
	if !ok {
		return "", false
	}
	if v.Kind != yaml.ScalarNode || !slices.Contains(tags, v.ShortTag()) {
		got := describe(v)
		if n.Line == 1 && n.Column == 1 && v.Kind == yaml.ScalarNode {
			// Perhaps not a policy at all but a key or a token, named by
			// mistake: logs are no place for it.
			got = "plain text"
		}
		d.report(n, "%s is %s: write %s", what, got, want)
		return "", false
	}
	if len(v.Value) > maxText {
		d.report(n, "%s is longer than %d bytes: shorten it", what, maxText)
		return "", false
	}
	return v.Value, true
}

// text reads text that is not blank.
func (d *document) text(n *yaml.Node, what string) string {
	s, ok := d.scalar(n, what, "text, in quotes if it looks like something else", "!!str")
	if ok && strings.TrimSpace(s) == "" {
		d.report(n, "%s is blank: write something there", what)
	}
	return s
}

func (d *document) boolean(n *yaml.Node, what string) bool {
	s, ok := d.scalar(n, what, "true or false", "!!bool")
	if ok && s != "true" && s != "false" {
		d.report(n, "%s is %q: write true or false", what, cut(s))
	}
	return s == "true"
}

// count reads a whole number, zero or more.
func (d *document) count(n *yaml.Node, what string) (int, bool) {
	s, ok := d.scalar(n, what, "a whole number", "!!int")
	if !ok {
		return 0, false
	}
	i, err := strconv.ParseInt(s, 10, 32)
	if err != nil || i < 0 {
		d.report(n, "%s is %s: write a whole number from 0 to 2147483647", what, shown(s))
		return 0, false
	}
	return int(i), true
}

// probability reads a number above 0 and up to 1.
func (d *document) probability(n *yaml.Node, what string) *float64 {
	s, ok := d.scalar(n, what, "a number between 0 and 1", "!!float", "!!int")
	if !ok {
		return nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0 && f <= 1) { // not (f <= 0 || f > 1), which NaN would pass
		d.report(n, "%s is %s: write a probability above 0 and up to 1, such as 0.5 for 50 %%", what, shown(s))
		return nil
	}
	return &f
}

// date reads a day, as midnight UTC.
func (d *document) date(n *yaml.Node, what string) time.Time {
	const want = "a date as yyyy-mm-dd"
	s, ok := d.scalar(n, what, want, "!!timestamp", "!!str")
	if !ok {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		d.report(n, "%s is %q, which is no such date: write %s", what, cut(s), want)
	}
	return day
}

// age reads a duration: Go's notation, or whole days ("5d").
func (d *document) age(n *yaml.Node, what string) time.Duration {
	const want = "hours or days, such as 120h or 5d"
	s, ok := d.scalar(n, what, want, "!!str")
	if !ok {
		return 0
	}
	const maxDays = 36_500
	age, err := time.ParseDuration(s)
	if days, isDays := strings.CutSuffix(s, "d"); isDays {
		var i int
		if i, err = strconv.Atoi(days); err == nil && i <= maxDays {
			age = time.Duration(i) * 24 * time.Hour
		}
	}
	if err != nil || age <= 0 {
		d.report(n, "%s is %q: write %s", what, cut(s), want)
		return 0
	}
	return age
}

// action reads one of the allowed actions.
func (d *document) action(n *yaml.Node, what string, allowed ...finding.Action) (finding.Action, bool) {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	s, ok := d.scalar(n, what, "one of "+strings.Join(names, ", "), "!!str")
	if ok && !slices.Contains(names, s) {
		d.report(n, "%s is %q: %s", what, cut(s), suggest(s, names))
		ok = false
	}
	return finding.Action(s), ok
}

// describe names what a node is, for people.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!str":
		return fmt.Sprintf("the text %q", cut(n.Value))
	case "!!bool":
		return "the truth value " + shown(n.Value)
	case "!!int", "!!float":
		return "the number " + shown(n.Value)
	case "!!timestamp":
		return "the date " + shown(n.Value)
	}
	return fmt.Sprintf("tagged %q", cut(n.ShortTag()))
}

// cut shortens what a message quotes.
func cut(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
