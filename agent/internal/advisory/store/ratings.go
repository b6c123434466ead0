package store

import (
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// numbers gives each distinct value the next number.
type numbers[T comparable] struct {
	list []T
	at   map[T]int
}

func (n *numbers[T]) of(v T) int {
	if n.at == nil {
		n.at = make(map[T]int)
	}
	i, ok := n.at[v]
	if !ok {
		i = len(n.list)
		n.at[v] = i
		n.list = append(n.list, v)
	}
	return i
}

// rate notes which CVEs a record names, and for a record about a single one
// what it says of its severity, which other records of the CVE may lack. A
// word about one package only is not passed on: it is about that package.
func (in *intake) rate(r *advisory.Record) {
	var single uint64
	cves := 0
	for _, ids := range [][]string{{r.ID}, r.Aliases, r.Upstream} {
		for _, id := range ids {
			if n, ok := cveNumber(id); ok {
				in.named[n] = true
				single = n
				cves++
			}
		}
	}
	if cves != 1 {
		return
	}
	list := slices.Clone(r.Severities)
	for _, a := range r.Affected {
		for _, s := range a.Severities {
			if s.Method != "distro" {
				list = append(list, s)
			}
		}
	}
	if len(list) == 0 {
		return
	}
	f := in.factsOf(single)
	for _, n := range in.numbered(list) {
		if !slices.Contains(f.severities, n) {
			f.severities = append(f.severities, n)
		}
	}
}

func (in *intake) numbered(list []advisory.Severity) []int {
	var out []int
	for _, s := range list {
		out = append(out, in.ratings.of(s))
	}
	return out
}

// vectorsFirst puts CVSS vectors before words, without changing either's order.
func vectorsFirst(a, b advisory.Severity) int {
	return strings.Compare(rank(a), rank(b))
}

func rank(s advisory.Severity) string {
	switch s.Method {
	case "CVSS_V4":
		return "1"
	case "CVSS_V3":
		return "2"
	case "CVSS_V2":
		return "3"
	}
	return "4" + s.Source
}
