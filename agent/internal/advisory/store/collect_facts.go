package store

import (
	"encoding/binary"

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
