package store

import (
	"fmt"
	"sort"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Lookup gives what is known about a package, sorted by source and id. For a
// distro, ecosystem has the release and only what is said about that release
// is given; name is the source package's where the distro publishes by source.
// The matches' names and ecosystems are in the form of Key. Dates are whole
// days. Records are shared between callers and must not be changed.
func (x *Index) Lookup(ecosystem, name string) ([]advisory.Match, error) {
	base, release, folded := Key(ecosystem, name)
	number, ok := x.releases[release]
	if !ok {
		return nil, nil
	}
	body, err := x.packageBody(base + "\x00" + folded)
	if err != nil || body == nil {
		return nil, lookupError(err, ecosystem, name)
	}
	ratings, err := x.ratings()
	if err != nil {
		return nil, lookupError(err, ecosystem, name)
	}
	found, statements, err := decodePackage(body, ratings, func(r int) bool { return r == number })
	if err != nil {
		return nil, lookupError(err, ecosystem, name)
	}
	matches := make([]advisory.Match, 0, len(found))
	for _, f := range found {
		record, err := x.recordIn(x.records, f.record)
		if err != nil {
			return nil, lookupError(err, ecosystem, name)
		}
		affected := statements[f.statement]
		affected.Ecosystem, affected.Package = join(base, release), folded
		matches = append(matches, advisory.Match{Record: record, Affected: affected})
	}
	return matches, nil
}

func lookupError(err error, ecosystem, name string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("looking up %s in the advisory index's %s: %w", name, ecosystem, err)
}

// packageBody finds the block that may hold a key, and in it the key; nil if
// there is none.
func (x *Index) packageBody(key string) ([]byte, error) {
	blocks := x.dir.packages
	n := sort.Search(len(blocks), func(i int) bool { return blocks[i].first > key }) - 1
	if n < 0 {
		return nil, nil
	}
	b, err := x.packages.get(n, blocks[n], func() (*packageBlockIn, error) { return x.packageBlock(blocks[n]) })
	if err != nil {
		return nil, err
	}
	return b.find(key), nil
}

func (x *Index) packageBlock(b block) (*packageBlockIn, error) {
	raw, err := x.read(b)
	if err != nil {
		return nil, err
	}
	return decodePackages(raw)
}

// recordIn gives a record by its ordinal, through a cache of record blocks.
func (x *Index) recordIn(blocks *cache[[]advisory.Record], ordinal int) (*advisory.Record, error) {
	n := ordinal / recordsPerBlock
	if n >= len(x.dir.records) {
		return nil, errCorrupt
	}
	list, err := blocks.get(n, x.dir.records[n], func() ([]advisory.Record, error) { return x.recordBlock(n) })
	if err != nil {
		return nil, err
	}
	if ordinal%recordsPerBlock >= len(list) {
		return nil, errCorrupt
	}
	return &list[ordinal%recordsPerBlock], nil
}

func (x *Index) recordBlock(n int) ([]advisory.Record, error) {
	ratings, err := x.ratings()
	if err != nil {
		return nil, err
	}
	raw, err := x.read(x.dir.records[n])
	if err != nil {
		return nil, err
	}
	return decodeRecords(raw, x.dir.info.Sources, ratings)
}

// Facts gives what is known of a CVE; false if nothing is, or if the id is no
// CVE.
func (x *Index) Facts(cve string) (advisory.Facts, bool, error) {
	number, ok := cveNumber(cve)
	blocks := x.dir.facts
	n := sort.Search(len(blocks), func(i int) bool { return blocks[i].firstCVE > number }) - 1
	if !ok || n < 0 {
		return advisory.Facts{}, false, nil
	}
	b, err := x.facts.get(n, blocks[n], func() (*factsBlock, error) {
		ratings, err := x.ratings()
		if err != nil {
			return nil, err
		}
		raw, err := x.read(blocks[n])
		if err != nil {
			return nil, err
		}
		return decodeFacts(raw, ratings)
	})
	if err != nil {
		return advisory.Facts{}, false, fmt.Errorf("looking up %s in the advisory index: %w", cve, err)
	}
	f, ok := b.find(number)
	return f, ok, nil
}
