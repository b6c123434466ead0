package policy

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/layergate/layergate/agent/internal/finding"
)

func (d *document) rule(n *yaml.Node) Rule {
	r := Rule{
		Position:        Position{n.Line, n.Column},
		EndOfLifeDistro: finding.Alert,
		Incomplete:      finding.Block,
	}
	one := func(to *finding.Action, key string, allowed ...finding.Action) func(*yaml.Node) {
		return func(v *yaml.Node) {
			if a, ok := d.action(v, key, allowed...); ok {
				*to = a
			}
		}
	}
	perKind := func(to *Actions, key string) func(*yaml.Node) {
		return func(v *yaml.Node) { *to = d.actions(v, key) }
	}
	d.mapping(n, "a rule", readers{
		"name":               func(v *yaml.Node) { r.Name = d.text(v, "name") },
		"scope":              func(v *yaml.Node) { r.Scope = d.scope(v) },
		"vulnerabilities":    func(v *yaml.Node) { r.Vulnerabilities = d.vulnerabilities(v) },
		"secrets":            perKind(&r.Secrets, "secrets"),
		"malware":            perKind(&r.Malware, "malware"),
		"weak-passwords":     perKind(&r.WeakPasswords, "weak-passwords"),
		"exposures":          perKind(&r.Exposures, "exposures"),
		"misconfigurations":  perKind(&r.Misconfigurations, "misconfigurations"),
		"end-of-life-distro": one(&r.EndOfLifeDistro, "end-of-life-distro", finding.Block, finding.Alert, finding.Ignore),
		"incomplete":         one(&r.Incomplete, "incomplete", finding.Block, finding.Alert),
	}, "name")
	return r
}

func (d *document) scope(n *yaml.Node) Scope {
	var s Scope
	d.mapping(n, "scope", readers{
		"images": func(v *yaml.Node) { s.Images = d.patterns(v, "images") },
		"jobs":   func(v *yaml.Node) { s.Jobs = d.patterns(v, "jobs") },
		"labels": func(v *yaml.Node) { s.Labels = d.labels(v) },
	})
	return s
}

// labels reads a mapping with any keys. A value may look like a number or a
// truth value: labels are text, and people write "tier: 1".
func (d *document) labels(n *yaml.Node) map[string]string {
	m, ok := d.kind(n, yaml.MappingNode, "labels", "a mapping (label: value)")
	if !ok {
		return nil
	}
	if len(m.Content) == 0 {
		d.report(m, "labels is an empty mapping: put something in it, or remove the key")
	}
	read := readers{}
	labels := map[string]string{}
	for i := 0; i < len(m.Content); i += 2 {
		key := m.Content[i].Value
		read[key] = func(v *yaml.Node) {
			labels[key], _ = d.scalar(v, fmt.Sprintf("label %q", cut(key)), `a pattern, "*" for any value`,
				"!!str", "!!int", "!!float", "!!bool", "!!timestamp")
		}
	}
	d.mapping(n, "labels", read)
	return labels
}

// patterns reads a list of globs.
func (d *document) patterns(n *yaml.Node, what string) []string {
	patterns := []string{}
	d.list(n, what, func(item *yaml.Node) {
		patterns = append(patterns, d.text(item, "a pattern of "+what))
	})
	return patterns
}
