package match

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// Some names stand for several lines of builds in one release, each with its
// own advisories and versions that must not be compared with the others'.
//
// Red Hat's modularity gives a name several streams (nodejs 18, 20, 22). A
// modular build has ".module_el8…" or ".module+el8…" in its release, and its
// label in the package database. Some publishers name the stream that they
// speak of (advisory.Affected.Module), others do not.
//
// Oracle builds some packages twice more: patched for Ksplice (".ksplice1.")
// and for FIPS ("_fips", ".fips"). Its advisories list all three.

// line is the line of builds that a version is of; "" is the common one.
func line(version string) string {
	switch {
	case strings.Contains(version, ".module_el"), strings.Contains(version, ".module+el"):
		return "module"
	case strings.Contains(version, ".ksplice"):
		return "ksplice"
	case strings.Contains(version, "_fips"), strings.Contains(version, ".fips"):
		return "fips"
	}
	return ""
}

// sameLine says whether p is of the line of builds that a speaks of. Where a
// names no build, it speaks of all; where p does not say its stream, it may be
// any.
func sameLine(p *inventory.Package, a *advisory.Affected) bool {
	if p.Type != "rpm" {
		return true
	}
	installed := line(p.Version)
	if p.Module != "" {
		installed = "module"
	}
	if a.Module != "" {
		return installed == "module" && (p.Module == "" || strings.HasPrefix(p.Module+":", a.Module+":"))
	}
	if strings.HasPrefix(p.Ecosystem, "Red Hat:") { // who names every module
		return installed != "module"
	}
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Kind != advisory.Introduced {
				return line(event.Version) == installed
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
			if match.Affected.Module == "" && !namesStream(&match.Affected, parts[1]) {
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
