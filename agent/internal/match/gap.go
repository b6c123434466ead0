package match

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// undecided are the ids of what nobody can tell whether a package has it. What
// it is found to have anyway leaves no doubt.
func undecided(doubts []*advisory.Record, found []finding.Finding) []string {
	var ids []string
	for _, r := range doubts {
		for _, problem := range problems([]hit{{Match: &advisory.Match{Record: r}}}) {
			id, _ := problem.shown()
			if !slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == id }) {
				ids = append(ids, id)
			}
		}
	}
	slices.SortFunc(ids, compareIDs)
	return slices.Compact(ids)
}

func undecidedGap(p *inventory.Package, ids []string) finding.Gap {
	version := fmt.Sprintf("version %q", p.Version)
	if p.Version == "" {
		version = "an empty version"
	}
	return finding.Gap{
		Kind:    finding.Undecided,
		Subject: cmp.Or(p.PURL, p.Name),
		Reason: fmt.Sprintf("comparing %s of %s with %d %s: the installed version or theirs is not in the order of %s",
			version, p.Name, len(ids), plural(len(ids), "advisory", "advisories"), p.Ecosystem),
		Layer: p.Layer,
		IDs:   ids,
	}
}

// coverage counts the packages that no advisory can be found for, by
// ecosystem; by the purl's type where they have none.
type coverage struct {
	distro int
	others map[string]int
	name   string // the distro's ecosystem
}

func (c *coverage) add(p *inventory.Package) {
	if p.Distro {
		c.distro++
		c.name = p.Ecosystem
		return
	}
	if c.others == nil {
		c.others = make(map[string]int)
	}
	c.others[cmp.Or(p.Ecosystem, p.Type)]++
}

// gaps are one for the distro and one for each other ecosystem: the image is
// not safe because nobody knows.
func (c *coverage) gaps(distro *image.Distro) []finding.Gap {
	var list []finding.Gap
	if c.distro > 0 {
		list = append(list, c.distroGap(distro))
	}
	for _, name := range slices.Sorted(maps.Keys(c.others)) {
		n := c.others[name]
		list = append(list, finding.Gap{
			Kind:    finding.Unknowable,
			Subject: name,
			Reason: fmt.Sprintf("matching %d %s of %s: the index has no advisories for it; build one that has with 'layergate db build'",
				n, plural(n, "package", "packages"), name),
			Layer: -1,
		})
	}
	return list
}

func (c *coverage) distroGap(distro *image.Distro) finding.Gap {
	n := fmt.Sprintf("matching %d distro %s: ", c.distro, plural(c.distro, "package", "packages"))
	gap := finding.Gap{Kind: finding.Unknowable, Layer: -1}
	switch {
	case distro == nil:
		gap.Subject = "etc/os-release"
		gap.Reason = n + "the image has no os-release file that names its distro; keep the base image's /etc/os-release in the image"
	case c.name == "":
		gap.Subject = cmp.Or(distro.Name, distro.ID)
		gap.Reason = n + "no source of advisories is known for this distro and release; use a base image of a supported one"
	default:
		gap.Subject = c.name
		gap.Reason = n + "the index has no advisories for " + c.name + "; build one that has with 'layergate db build'"
	}
	return gap
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
