package policy

import (
	"maps"

	"gopkg.in/yaml.v3"

	"github.com/layergate/layergate/agent/internal/finding"
)

// notYet ends the message for a feature that is known but not in force.
const notYet = "not supported yet, and a rule that does nothing must not be trusted: remove it"

func (d *document) vulnerabilities(n *yaml.Node) Vulnerabilities {
	var v Vulnerabilities
	v.By = map[finding.Severity]finding.Action{}
	var baseKeys, maxKeys map[string]*yaml.Node
	read := readers{
		"only-fixed": func(n *yaml.Node) { v.OnlyFixed = d.boolean(n, "only-fixed") },
		"block-if":   func(n *yaml.Node) { v.BlockIf = d.blockIf(n) },
		"base-image": func(n *yaml.Node) {
			v.BaseImage, baseKeys = d.actionsBySeverity(n, "base-image")
		},
		"max-allowed": func(n *yaml.Node) {
			v.MaxAllowed, maxKeys = d.countsBySeverity(n, "max-allowed")
		},
		"grace-days": func(n *yaml.Node) {
			v.GraceDays, _ = d.countsBySeverity(n, "grace-days")
			d.report(n, "grace-days is %s", notYet)
		},
		"only-new": func(n *yaml.Node) {
			if v.OnlyNew = d.boolean(n, "only-new"); v.OnlyNew {
				d.report(n, "only-new is %s", notYet)
			}
		},
	}
	for _, s := range finding.Severities {
		read[s.String()] = d.severityAction(v.By, s)
	}
	keys := d.mapping(n, "vulnerabilities", read)
	d.notEmpty(n, "vulnerabilities", keys)
	d.checkOrder(keys, v.By)
	d.checkBaseImage(baseKeys, v)
	d.checkMaxAllowed(maxKeys, v)
	return v
}

func (d *document) blockIf(n *yaml.Node) BlockIf {
	var b BlockIf
	keys := d.mapping(n, "block-if", readers{
		"known-exploited": func(v *yaml.Node) { b.KnownExploited = d.boolean(v, "known-exploited") },
		"epss-at-least":   func(v *yaml.Node) { b.EPSSAtLeast = d.probability(v, "epss-at-least") },
	})
	d.notEmpty(n, "block-if", keys)
	return b
}

// checkBaseImage reports overrides that, laid over the rule's own actions,
// treat a severity more mildly than a lesser one.
func (d *document) checkBaseImage(keys map[string]*yaml.Node, v Vulnerabilities) {
	laid := map[finding.Severity]finding.Action{}
	for _, s := range finding.Severities {
		if a, _, written := v.For(s); written {
			laid[s] = a
		}
	}
	maps.Copy(laid, v.BaseImage)
	d.checkOrder(keys, laid)
}

// checkMaxAllowed reports limits that can never be what decides.
func (d *document) checkMaxAllowed(keys map[string]*yaml.Node, v Vulnerabilities) {
	for _, s := range finding.Severities {
		if _, ok := v.MaxAllowed[s]; !ok {
			continue
		}
		if _, ok := v.BaseImage[s]; ok {
			continue // two actions: the limit may count the milder one's
		}
		switch a, _, _ := v.For(s); {
		case a == finding.Ignore:
			d.report(keys[s.String()], "max-allowed counts no %s vulnerability, since the rule ignores them: "+
				"remove it, or make %s alert", s, s)
		case a == finding.Block && !v.OnlyFixed:
			d.report(keys[s.String()], "max-allowed for %s is never reached, since the rule blocks the first one: "+
				"remove it, or make %s alert", s, s)
		}
	}
}
