package policy

import (
	"gopkg.in/yaml.v3"

	"github.com/layergate/layergate/agent/internal/finding"
)

// actions reads one action, or a mapping of severities to actions.
func (d *document) actions(n *yaml.Node, what string) Actions {
	if v, ok := d.value(n); ok && v.Kind == yaml.MappingNode {
		by, keys := d.actionsBySeverity(n, what)
		d.checkOrder(keys, by)
		return Actions{By: by}
	}
	a, _ := d.action(n, what, finding.Block, finding.Alert, finding.Ignore)
	return Actions{All: a}
}

// actionsBySeverity reads a mapping of severities to actions; it returns the
// keys' nodes as well.
func (d *document) actionsBySeverity(n *yaml.Node, what string) (map[finding.Severity]finding.Action, map[string]*yaml.Node) {
	by := map[finding.Severity]finding.Action{}
	read := readers{}
	for _, s := range finding.Severities {
		read[s.String()] = d.severityAction(by, s)
	}
	keys := d.mapping(n, what, read)
	d.notEmpty(n, what, keys)
	return by, keys
}

// severityAction reads the action of one severity.
func (d *document) severityAction(to map[finding.Severity]finding.Action, s finding.Severity) func(*yaml.Node) {
	return func(v *yaml.Node) {
		if a, ok := d.action(v, s.String(), finding.Block, finding.Alert, finding.Ignore); ok {
			to[s] = a
		}
	}
}

// countsBySeverity reads a mapping of severities to numbers.
func (d *document) countsBySeverity(n *yaml.Node, what string) (map[finding.Severity]int, map[string]*yaml.Node) {
	counts := map[finding.Severity]int{}
	read := readers{}
	for _, s := range finding.Severities {
		read[s.String()] = func(v *yaml.Node) {
			if i, ok := d.count(v, what+"."+s.String()); ok {
				counts[s] = i
			}
		}
	}
	keys := d.mapping(n, what, read)
	d.notEmpty(n, what, keys)
	return counts, keys
}

// notEmpty reports a mapping with nothing in it. Keys are nil if it was none.
func (d *document) notEmpty(n *yaml.Node, what string, keys map[string]*yaml.Node) {
	if v, ok := d.value(n); ok && keys != nil && len(v.Content) == 0 {
		d.report(n, "%s is an empty mapping: put something in it, or remove the key", what)
	}
}

// checkOrder reports a severity that is treated more mildly than a lesser one:
// nobody means that. One of the two must be among the keys.
func (d *document) checkOrder(keys map[string]*yaml.Node, by map[finding.Severity]finding.Action) {
	for s := finding.Critical; s > finding.Negligible; s-- {
		for lesser := s - 1; lesser >= finding.Negligible; lesser-- {
			a, written := by[s]
			b, lesserWritten := by[lesser]
			if !written || !lesserWritten || strictness(a) >= strictness(b) {
				continue
			}
			at := keys[s.String()]
			if at == nil {
				at = keys[lesser.String()]
			}
			if at != nil {
				d.report(at, "%s is %s although %s, which is less severe, is %s: make %s %s as well, or %s milder",
					s, a, lesser, b, s, b, lesser)
				break
			}
		}
	}
}

// strictness orders the actions of a policy and of an image.
func strictness(a finding.Action) int {
	switch a {
	case finding.Block:
		return 2
	case finding.Alert:
		return 1
	}
	return 0
}
