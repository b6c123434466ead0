package match

import (
	"slices"
	"strings"
)

// problem is one vulnerability and the advisories about it that hold for one
// package. It becomes one finding.
type problem struct {
	cve  string // empty if no advisory names one
	ids  []string
	hits []hit
}

// problems sorts hits by what they are about.
//
// A CVE is a problem of its own: an advisory that names several, as an erratum
// does, is a part of each. So two CVEs are never one problem, whatever alias
// they share, and all distros read alike. Advisories without a CVE belong to
// the CVEs of the advisories that they share an id with; the rest are one
// problem where they share an id, at whatever remove.
func problems(hits []hit) []problem {
	var list, loose []problem
	at := make(map[string]int) // a CVE's place in list
	for _, h := range hits {
		cves, ids := h.names()
		if len(cves) == 0 {
			loose = join(loose, problem{ids: ids, hits: []hit{h}})
			continue
		}
		for _, cve := range cves {
			i, ok := at[cve]
			if !ok {
				i = len(list)
				at[cve], list = i, append(list, problem{cve: cve})
			}
			list[i].ids = append(list[i].ids, ids...)
			list[i].hits = append(list[i].hits, h)
		}
	}
	named := len(list)
	for _, l := range loose {
		found := false
		for i := range list[:named] {
			if shareID(list[i].ids, l.ids) {
				found = true
				list[i].ids = append(list[i].ids, l.ids...)
				list[i].hits = append(list[i].hits, l.hits...)
			}
		}
		if !found {
			list = append(list, l)
		}
	}
	return list
}

// names are the CVEs that the advisory is about, and the other ids of what it
// is about. Where it is about several, its aliases may each be of only one, so
// that only its own id stands for all.
func (h hit) names() (cves, ids []string) {
	ids = []string{h.Record.ID}
	for _, list := range [][]string{ids, h.Record.Aliases, h.Record.Upstream} {
		for _, id := range list {
			if strings.HasPrefix(id, "CVE-") && !slices.Contains(cves, id) {
				cves = append(cves, id)
			}
		}
	}
	if len(cves) <= 1 {
		ids = append(ids, h.Record.Aliases...)
	}
	return cves, ids
}

// join adds p to list, as one with those that it shares an id with.
func join(list []problem, p problem) []problem {
	var apart []problem
	for _, q := range list {
		if shareID(q.ids, p.ids) {
			p = problem{ids: append(q.ids, p.ids...), hits: append(q.hits, p.hits...)}
		} else {
			apart = append(apart, q)
		}
	}
	return append(apart, p)
}

func shareID(a, b []string) bool {
	return slices.ContainsFunc(a, func(id string) bool { return slices.Contains(b, id) })
}

// shown is what people call the problem, and its other ids, sorted.
func (p problem) shown() (id string, aliases []string) {
	ids := append([]string{p.cve}, p.ids...)
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	public := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" || private(id) })
	if len(public) == 0 { // sources without ids of their own, and no alias
		return publicID(ids[len(ids)-1]), nil
	}
	slices.Sort(public[1:])
	return public[0], public[1:]
}

// compareIDs puts CVE before GHSA before the rest.
func compareIDs(a, b string) int {
	if c := rankID(a) - rankID(b); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func rankID(id string) int {
	switch {
	case strings.HasPrefix(id, "CVE-"):
		return 0
	case strings.HasPrefix(id, "GHSA-"):
		return 1
	}
	return 2
}

// privatePrefix begins ids that OSV's schema leaves to those who have no
// database of their own; nobody else knows them, so they are not shown.
const privatePrefix = "x_"

func private(id string) bool { return strings.HasPrefix(id, privatePrefix) }

func publicID(id string) string { return strings.TrimPrefix(id, privatePrefix) }
