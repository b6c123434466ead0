package policy

import (
	"strings"

	"gopkg.in/yaml.v3"
)

func (d *document) exception(n *yaml.Node) Exception {
	e := Exception{Position: Position{n.Line, n.Column}}
	d.mapping(n, "an exception", readers{
		"id": func(v *yaml.Node) {
			if e.ID = d.text(v, "id"); strings.Contains(e.ID, "*") {
				d.report(v, "id %q has a star: name one id, an exception is for one problem", cut(e.ID))
			}
		},
		"packages": func(v *yaml.Node) { e.Packages = d.packagePatterns(v) },
		"images":   func(v *yaml.Node) { e.Images = d.patterns(v, "images") },
		"expires":  func(v *yaml.Node) { e.Expires = d.date(v, "expires") },
		"reason":   func(v *yaml.Node) { e.Reason = d.text(v, "reason") },
		"owner":    func(v *yaml.Node) { e.Owner = d.text(v, "owner") },
	}, "id", "expires", "reason", "owner")
	return e
}

// packagePatterns reads globs over package URLs.
func (d *document) packagePatterns(n *yaml.Node) []string {
	patterns := []string{}
	d.list(n, "packages", func(item *yaml.Node) {
		p := d.text(item, "a pattern of packages")
		if p != "" && !strings.HasPrefix(p, "pkg:") && !strings.HasPrefix(p, "*") {
			d.report(item, "%q is no pattern of package URLs: write it as pkg:type/namespace/name, "+
				`such as "pkg:deb/debian/%s*"`, cut(p), cut(p))
		}
		patterns = append(patterns, p)
	})
	return patterns
}
