package store

import (
	"slices"
	"sort"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// numbers gives each distinct value the next number.
type numbers[T comparable] struct {
	list []T
	uses []int // how often each was asked for
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
		n.uses = append(n.uses, 0)
	}
	n.uses[i]++
	return i
}

// rate notes which CVEs a record names, and for a record about a single one
// what it says of its severity, which other records of the CVE may lack. A
// word about one package only is not passed on: it is about that package.
func (in *intake) rate(r *advisory.Record) error {
	var named []uint64
	for _, ids := range [][]string{{r.ID}, r.Aliases, r.Upstream} {
		for _, id := range ids {
			if n, ok := cveNumber(id); ok {
				named = append(named, n)
			}
		}
	}
	var list []advisory.Severity
	if len(named) == 1 {
		list = slices.Clone(r.Severities)
		for _, a := range r.Affected {
			for _, s := range a.Severities {
				if s.Method != "distro" {
					list = append(list, s)
				}
			}
		}
	}
	f := storedFacts{named: true, severities: newNumbers(nil, in.numbered(list))}
	for _, cve := range named {
		f.cve = cve
		if err := in.spillFact(f); err != nil {
			return err
		}
	}
	return nil
}

// newNumbers appends those of more that are not in list yet.
func newNumbers(list, more []int) []int {
	for _, n := range more {
		if !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}

// numbered gives severities their numbers, and counts the use.
func (c *collection) numbered(list []advisory.Severity) []int {
	var out []int
	for _, s := range list {
		out = append(out, c.ratings.of(s))
	}
	return out
}

// byUse lists the values, the commonest first, and says the place of each
// number in that list.
func (n *numbers[T]) byUse() (list []T, place []int) {
	order := make([]int, len(n.list))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return n.uses[order[i]] > n.uses[order[j]] })
	place = make([]int, len(order))
	for i, o := range order {
		place[o] = i
		list = append(list, n.list[o])
	}
	return list, place
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
