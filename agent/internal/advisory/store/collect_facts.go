package store

import (
	"encoding/binary"
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Facts takes in what is known of a CVE.
func (in *intake) Facts(cve string, f advisory.Facts) error {
	n, ok := cveNumber(cve)
	if !ok {
		in.Skip("bad CVE id", cve)
		return nil
	}
	fact := storedFacts{cve: n}
	if f.KnownExploited {
		fact.kev = max(1, dayNumber(f.KEVAdded))
	}
	if f.HasEPSS {
		fact.epss = epssNumber(f.EPSS)
	}
	in.report.Records++
	return in.spillFact(fact)
}

// spillFact keeps a part of what is known of a CVE.
func (c *collection) spillFact(f storedFacts) error {
	var e encoder
	named := 0
	if f.named {
		named = 1
	}
	e.int(named)
	e.uint(uint64(f.kev))
	e.int(f.epss)
	e.numbers(f.severities)
	return c.facts.add(binary.BigEndian.AppendUint64(nil, f.cve), e.b)
}

// join adds a part that spillFact wrote; of what comes twice the last counts.
func (f *storedFacts) join(value []byte) error {
	d := decoder{b: value}
	f.named = d.int() == 1 || f.named
	if kev := d.int(); kev > 0 {
		f.kev = int64(kev)
	}
	if epss := d.int(); epss > 0 {
		f.epss = epss
	}
	f.severities = newNumbers(f.severities, d.numbers())
	return d.err
}

// writeFacts writes what is known of the CVEs that a record names or that are
// known to be exploited; a score alone of anything else is of no use, and
// neither is a name alone.
func (l *layout) writeFacts() error {
	var chunk []storedFacts
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		b, err := l.out.block(encodeFacts(chunk))
		b.firstCVE = chunk[0].cve
		l.dir.facts = append(l.dir.facts, b)
		chunk = chunk[:0]
		return err
	}
	var f storedFacts
	take := func() error {
		if f.kev == 0 && (!f.named || f.epss == 0 && len(f.severities) == 0) {
			return nil
		}
		slices.SortStableFunc(f.severities, func(a, b int) int {
			return vectorsFirst(l.collection.ratings.list[a], l.collection.ratings.list[b])
		})
		f.severities = renumbered(f.severities, l.place)
		l.dir.info.Counts.add(&f)
		chunk = append(chunk, f)
		if len(chunk) < factsPerBlock {
			return nil
		}
		return flush()
	}
	err := l.facts.each(l.ctx, func(key, value []byte) error {
		if cve := binary.BigEndian.Uint64(key); cve != f.cve {
			if err := take(); err != nil {
				return err
			}
			f = storedFacts{cve: cve}
		}
		return f.join(value)
	})
	if err != nil {
		return err
	}
	if err := take(); err != nil {
		return err
	}
	return flush()
}

func (c *Counts) add(f *storedFacts) {
	c.CVEs++
	if f.kev > 0 {
		c.KnownExploited++
	}
	if f.epss > 0 {
		c.Scored++
	}
}
