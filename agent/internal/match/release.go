package match

import (
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// advisories are all that speak of a package: those of its own release, and
// of another that its builds may be from.
//
// A build of Ubuntu Pro ("+esm" in its version) is fixed by what Pro's
// releases say. SUSE Linux Enterprise 12 has modules that all its service
// packs share. Where both speak of a vulnerability in the same record, the one
// that is nearer to the package counts.
func (m *matching) advisories(ecosystem string, p named) ([]advisory.Match, error) {
	own, err := m.lookup(ecosystem, p.name)
	if err != nil {
		return nil, err
	}
	if release, ok := strings.CutPrefix(ecosystem, "Ubuntu:"); ok && strings.Contains(p.version, "esm") {
		pro, err := m.lookup("Ubuntu:Pro:"+release, p.name)
		return nearer(pro, own), err
	}
	if strings.HasPrefix(ecosystem, "SUSE:") && strings.Contains(ecosystem, " 12 SP") {
		modules, err := m.lookup("SUSE:Linux Enterprise Server 12", p.name)
		return nearer(own, modules), err
	}
	return own, nil
}

// nearer is a, and what b has of other records.
func nearer(a, b []advisory.Match) []advisory.Match {
	list := slices.Clone(a)
	for _, match := range b {
		if !slices.ContainsFunc(a, func(have advisory.Match) bool { return have.Record.ID == match.Record.ID }) {
			list = append(list, match)
		}
	}
	return list
}
