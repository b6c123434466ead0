package feed

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/google/osv-scalibr/semantic"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// fixedIn is the range of what is affected before a fix, where a major release
// may have several of them: for the minor release that was current when the
// first came out, and for the next one, which had been branched off before. Of
// curl's CVE-2023-38545, RHEL 9.2 got 7.76.1-23.el9_2.4 and 9.3 got
// 7.76.1-26.el9_3.2. Both are fixed, and 7.76.1-26.el9 between them is not.
//
// A build for a minor release has it in its release (el9_2), behind what it
// has in common with the later ones: from that fix up to where the next
// minor's builds of the same version could begin (7.76.1-23.el9_3), nothing is
// affected. A fix that names no minor release gives way to any newer one, and
// so does one of two for the same minor: it may have been incomplete.
//
// open says that Red Hat calls the package affected in a product of the same
// major release too: beyond the newest fix's minor release, it is.
func fixedIn(fixes []string, open bool) advisory.Range {
	newest := make(map[string]string) // of each minor release
	for _, v := range fixes {
		if _, minor := nextMinor(v); newest[minor] == "" || compareRPM(v, newest[minor]) > 0 {
			newest[minor] = v
		}
	}
	fixes = fixes[:0:0]
	for _, minor := range sortedKeys(newest) {
		fixes = append(fixes, newest[minor])
	}
	slices.SortFunc(fixes, compareRPM)

	r := everyVersion()
	from := "" // where affected versions begin again
	for i, v := range fixes {
		next, minor := nextMinor(v)
		if last := i == len(fixes)-1; !last && minor == "" || from != "" && compareRPM(v, from) <= 0 {
			continue
		}
		if from != "" {
			r.Events = append(r.Events, advisory.Event{Kind: advisory.Introduced, Version: from})
		}
		r.Events = append(r.Events, advisory.Event{Kind: advisory.Fixed, Version: v})
		from = next
	}
	switch {
	case open && from == "":
		return everyVersion()
	case open:
		r.Events = append(r.Events, advisory.Event{Kind: advisory.Introduced, Version: from})
	}
	return r
}

// ofMinor finds the minor release in a build's: 23.el9_2.4, or
// 1.module+el8.9.0+19193+435404ae.
var ofMinor = regexp.MustCompile(`^(.*-.*(?:[._+]el\d+_|\.module\+el\d+\.))(\d{1,3})(?:[.+]|$)`)

// nextMinor is where the builds of v for the next minor release begin, and
// what minor release v is for; both are empty where it does not say.
func nextMinor(v string) (next, minor string) {
	m := ofMinor.FindStringSubmatch(v)
	if m == nil {
		return "", ""
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return "", ""
	}
	return m[1] + strconv.Itoa(n+1), m[2]
}

// newestRPM is the newest of versions, of which there is one at least.
func newestRPM(versions []string) string { return slices.MaxFunc(versions, compareRPM) }

func compareRPM(a, b string) int {
	c, _ := semantic.ParseRedHatVersion(a).CompareStr(b) // never an error
	return c
}
