package store

import (
	"math"
	"sort"
	"strconv"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// epssUnit is the precision of a kept score; FIRST publishes five decimals.
const epssUnit = 1e5

// storedFacts is what a facts block holds of one CVE.
type storedFacts struct {
	cve        uint64
	kev        int64 // day number, 0: not in the catalogue
	epss       int   // score in epssUnit plus 1; 0: no score
	severities []int // numbers of ratings
	named      bool  // some record names the CVE; not written
}

// cveNumber is a CVE's place in the order of CVEs: its year and its number.
func cveNumber(id string) (uint64, bool) {
	year, number, ok := feed.ParseCVE(id)
	return uint64(year)<<32 | uint64(number), ok
}

func cveID(n uint64) string {
	b := append(make([]byte, 0, 16), "CVE-"...)
	b = appendDigits(b, n>>32)
	b = append(b, '-')
	return string(appendDigits(b, n&0xffffffff))
}

// appendDigits writes a number with four digits or more.
func appendDigits(b []byte, n uint64) []byte {
	for limit := uint64(1000); n < limit && limit > 1; limit /= 10 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, n, 10)
}

func encodeFacts(list []storedFacts) []byte {
	var e encoder
	e.int(len(list))
	last := uint64(0)
	for _, f := range list {
		e.uint(f.cve - last)
		last = f.cve
	}
	for _, f := range list {
		e.int(f.epss)
	}
	for _, f := range list {
		e.uint(uint64(f.kev))
	}
	for _, f := range list {
		e.numbers(f.severities)
	}
	return e.b
}

// factsBlock is a decoded facts block.
type factsBlock struct {
	cves  []uint64 // ascending
	facts []advisory.Facts
}

func decodeFacts(data []byte, ratings []advisory.Severity) (*factsBlock, error) {
	d := decoder{b: data}
	n := d.count(4)
	if n > factsPerBlock {
		return nil, errCorrupt
	}
	f := factsBlock{cves: make([]uint64, n), facts: make([]advisory.Facts, n)}
	last := uint64(0)
	for i := range f.cves {
		last += d.uint()
		f.cves[i] = last
	}
	for i := range f.facts {
		if score := d.below(epssUnit + 2); score > 0 {
			f.facts[i].HasEPSS = true
			f.facts[i].EPSS = float64(score-1) / epssUnit
		}
	}
	for i := range f.facts {
		if kev := int64(d.uint()); kev > 0 {
			f.facts[i].KnownExploited = true
			f.facts[i].KEVAdded = dayTime(kev)
		}
	}
	for i := range f.facts {
		f.facts[i].Severities = d.severities(ratings)
	}
	return &f, d.err
}

func (f *factsBlock) find(cve uint64) (advisory.Facts, bool) {
	i := sort.Search(len(f.cves), func(i int) bool { return f.cves[i] >= cve })
	if i == len(f.cves) || f.cves[i] != cve {
		return advisory.Facts{}, false
	}
	return f.facts[i], true
}

// epssNumber is a score as it is stored.
func epssNumber(score float64) int { return int(math.Round(score*epssUnit)) + 1 }
