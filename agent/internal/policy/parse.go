package policy

import (
	"cmp"
	"io"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/layergate/layergate/agent/internal/finding"
)

// Parse reads a policy; name is what its problems call the file. Where the
// policy has problems the error is an Error with all of them, and there is no
// Policy: one that is understood in part is not used.
func Parse(r io.Reader, name string) (*Policy, error) {
	p, problems, err := parse(r, name)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, Error(problems)
	}
	return p, nil
}

// parse is Parse that returns what it understood beside the problems.
func parse(r io.Reader, name string) (*Policy, []Problem, error) {
	d := &document{file: name}
	root, err := d.parseYAML(r)
	if err != nil {
		return nil, nil, err
	}
	p := &Policy{}
	if root != nil {
		d.policy(root, p)
	}
	slices.SortStableFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p, d.problems, nil
}

func (d *document) policy(n *yaml.Node, p *Policy) {
	names := map[string]int{}
	d.mapping(n, "the policy", readers{
		"version":  d.version,
		"database": func(v *yaml.Node) { p.Database = d.database(v) },
		"rules": func(v *yaml.Node) {
			d.list(v, "rules", func(item *yaml.Node) {
				r := d.rule(item)
				if line, taken := names[r.Name]; taken && r.Name != "" {
					d.report(item, "the rule in line %d is named %q too: verdicts name their rule, so give each its own", line, cut(r.Name))
				}
				names[r.Name] = item.Line
				p.Rules = append(p.Rules, r)
			})
		},
		"exceptions": func(v *yaml.Node) {
			d.list(v, "exceptions", func(item *yaml.Node) {
				p.Exceptions = append(p.Exceptions, d.exception(item))
			})
		},
	}, "version", "rules")
}

func (d *document) version(n *yaml.Node) {
	v, ok := d.count(n, "version")
	switch {
	case !ok || v == Version:
	case v > Version:
		d.report(n, "version %d is for a newer layergate, this one reads version %d: update layergate", v, Version)
	default:
		d.report(n, "there is no version %d: write version: %d", v, Version)
	}
}

func (d *document) database(n *yaml.Node) Database {
	db := Database{WhenOlder: finding.Alert}
	d.mapping(n, "database", readers{
		"max-age": func(v *yaml.Node) { db.MaxAge = d.age(v, "max-age") },
		"when-older": func(v *yaml.Node) {
			if a, ok := d.action(v, "when-older", finding.Block, finding.Alert); ok {
				db.WhenOlder = a
			}
		},
	}, "max-age")
	return db
}
