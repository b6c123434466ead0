package match

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// Red Hat's modularity gives one package name several streams (nodejs 18, 20,
// 22) in one release, each with its own advisories. A modular build has
// ".module_el8…" or ".module+el8…" in its release. Advisories name no stream.

func modular(version string) bool {
	return strings.Contains(version, ".module_el") || strings.Contains(version, ".module+el")
}

// sameModularity says whether p and the builds that a speaks of are both of a
// module or both of none. Where a names no build, it speaks of all.
func sameModularity(p *inventory.Package, a *advisory.Affected) bool {
	if p.Type != "rpm" {
		return true
	}
	installed := p.Module != "" || modular(p.Version)
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Kind != advisory.Introduced {
				return modular(event.Version) == installed
			}
		}
	}
	return true
}

// otherStreams finds, for each module that packages are of, the records that
// speak of another of its streams. It can be told by the packages whose own
// version begins with their stream's name, as nodejs 18.20.4 of stream 18 does:
// a fix in 20.20.0 is not for it. What is told by one package of a module holds
// for the rest too, such as npm 10.7.0 in the same stream.
//
// The result is by module label (inventory.Package.Module) and record id.
func (m *matching) otherStreams(packages []inventory.Package) (map[string]map[string]bool, error) {
	others := make(map[string]map[string]bool)
	for i := range packages {
		p := &packages[i]
		parts := strings.Split(p.Module, ":")
		if len(parts) < 2 || !ofStream(p.Version, parts[1]) || !m.idx.Covers(p.Ecosystem) {
			continue
		}
		found, err := m.lookup(p.Ecosystem, p.Name)
		if err != nil {
			return nil, err
		}
		for _, match := range found {
			if !namesStream(&match.Affected, parts[1]) {
				if others[p.Module] == nil {
					others[p.Module] = make(map[string]bool)
				}
				others[p.Module][match.Record.ID] = true
			}
		}
	}
	return others, nil
}

// namesStream says whether any build that ends a range is of the stream.
func namesStream(a *advisory.Affected, stream string) bool {
	ends := 0
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Kind == advisory.Introduced {
				continue
			}
			if ends++; ofStream(event.Version, stream) {
				return true
			}
		}
	}
	return ends == 0
}

// ofStream says whether a version, its epoch aside, begins with a stream's name.
func ofStream(version, stream string) bool {
	if _, after, ok := strings.Cut(version, ":"); ok {
		version = after
	}
	rest, ok := strings.CutPrefix(version, stream)
	return ok && stream != "" && isDigit(stream[0]) && (rest == "" || !isDigit(rest[0]) && !isLetter(rest[0]))
}
