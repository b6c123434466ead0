package match

import (
	"regexp"
	"strings"
)

// packagistVersion is a version in Composer's order: up to four numbers, a
// stability with its own numbers, and "-dev" for what comes before it.
//
// It is our own since osv-scalibr's is PHP's version_compare without what
// Composer does first: filling up the numbers (its 2 is older than 2.0.0, its
// 4 older than 4.0.0-rc10) and reading "beta.2" as "beta2".
type packagistVersion struct {
	numbers   [4]string
	stability int
	stage     string // the stability's numbers, "1.2"
	dev       bool
}

// packagistShape is Composer\Semver\VersionParser's form of a tagged version.
// Branches ("dev-main", "2.x-dev") have no place in the order.
var packagistShape = regexp.MustCompile(`(?i)^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.(\d+))?` +
	`(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?\d+)*))?([.-]?dev)?(?:\+[0-9a-z.-]+)?$`)

// packagistStability ranks Composer's words for stabilities.
var packagistStability = map[string]int{
	"alpha": 1, "a": 1, "beta": 2, "b": 2, "rc": 3, "": 4, "stable": 4, "patch": 5, "pl": 5, "p": 5,
}

func packagistOrder(text string) (version, bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxVersion {
		return nil, false
	}
	parts := packagistShape.FindStringSubmatch(text)
	if parts == nil {
		return nil, false
	}
	if strings.EqualFold(parts[5], "stable") {
		parts[6], parts[7] = "", "" // Composer drops what follows
	}
	return packagistVersion{
		numbers:   [4]string(parts[1:5]),
		stability: packagistStability[strings.ToLower(parts[5])],
		stage:     strings.TrimLeft(strings.ReplaceAll(parts[6], "-", "."), "."),
		dev:       parts[7] != "",
	}, true
}

func (v packagistVersion) compare(other version) (int, bool) {
	w := other.(packagistVersion)
	for i := range v.numbers {
		if c := compareNumbers(v.numbers[i], w.numbers[i]); c != 0 {
			return c, true
		}
	}
	// Without a word, "-dev" is the stability: before alpha.
	if c := v.rank() - w.rank(); c != 0 {
		return sign(c), true
	}
	for a, b := v.stage, w.stage; a != "" && b != ""; {
		var m, n string
		m, a, _ = strings.Cut(a, ".")
		n, b, _ = strings.Cut(b, ".")
		if c := compareNumbers(m, n); c != 0 {
			return c, true
		}
		if a == "" || b == "" {
			return v.compareEnds(w, len(a)-len(b)), true
		}
	}
	return v.compareEnds(w, len(v.stage)-len(w.stage)), true
}

func (v packagistVersion) rank() int {
	if v.dev && v.stability == packagistStability[""] {
		return 0
	}
	return v.stability
}

// compareEnds compares what follows when one stage is the other's beginning:
// "-dev" is older than nothing, nothing older than further numbers.
func (v packagistVersion) compareEnds(w packagistVersion, longer int) int {
	switch {
	case longer != 0:
		return sign(longer)
	case v.dev == w.dev:
		return 0
	case v.dev:
		return -1
	}
	return 1
}
