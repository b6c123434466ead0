package match

import "strings"

// semverVersion is a version of semantic versioning 2.0 (npm, Go, crates.io),
// a little loosely: a "v" before it, numbers left out at the end and leading
// zeros are taken; build metadata ("+incompatible" too) does not count.
//
// It is our own since osv-scalibr's takes any text: "64e00e7" is its 64-e00e7.
type semverVersion struct {
	numbers    [3]string
	prerelease string
	broken     bool // what follows the numbers is not of semantic versioning
}

func semverOrder(text string) (version, bool) {
	v, ok := parseSemver(strings.TrimLeft(strings.TrimSpace(text), "v="))
	return v, ok
}

// goOrder is semverOrder for Go's modules and for its own releases, which the
// module "stdlib" has: go1.22rc1 is 1.22.0-rc.1 there, and what follows a space
// (" X:boringcrypto") is no part of the version.
func goOrder(text string) (version, bool) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), " ")
	text = strings.TrimPrefix(strings.TrimPrefix(text, "go"), "v")
	v, ok := parseSemver(text)
	if !ok || !v.broken {
		return v, ok
	}
	for _, stage := range []string{"beta", "rc"} {
		numbers, n, found := strings.Cut(text, stage)
		if d, rest := digits(n); found && d != "" && rest == "" {
			return semverOrder(numbers + "-" + stage + "." + n)
		}
	}
	return v, ok
}

func parseSemver(text string) (semverVersion, bool) {
	var v semverVersion
	text, _, _ = strings.Cut(text, "+")
	rest := text
	dots := 0
	for i := range v.numbers {
		if i > 0 {
			if !strings.HasPrefix(rest, ".") || len(rest) < 2 || !isDigit(rest[1]) {
				break
			}
			rest = rest[1:]
			dots++
		}
		v.numbers[i], rest = digits(rest)
	}
	if pre, ok := strings.CutPrefix(rest, "-"); ok && isPrerelease(pre) {
		v.prerelease, rest = pre, ""
	}
	v.broken = rest != ""
	// One number and something else, such as a commit's hash, is no version.
	return v, v.numbers[0] != "" && (!v.broken || dots > 0 || rest[0] == '.')
}

// isPrerelease says that s is a list of identifiers parted by dots.
func isPrerelease(s string) bool {
	for id := range strings.SplitSeq(s, ".") {
		if id == "" {
			return false
		}
		for i := range len(id) {
			if !isDigit(id[i]) && !isLetter(id[i]) && id[i] != '-' {
				return false
			}
		}
	}
	return true
}

func (v semverVersion) compare(other version) (int, bool) {
	w := other.(semverVersion)
	for i := range v.numbers {
		if c := compareNumbers(v.numbers[i], w.numbers[i]); c != 0 {
			return c, true
		}
	}
	if v.broken || w.broken {
		return 0, v == w
	}
	return comparePrereleases(v.prerelease, w.prerelease), true
}

// comparePrereleases follows item 11 of the specification; none is newer than
// any.
func comparePrereleases(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	for a != "" && b != "" {
		var m, n string
		m, a, _ = strings.Cut(a, ".")
		n, b, _ = strings.Cut(b, ".")
		if c := compareIdentifiers(m, n); c != 0 {
			return c
		}
	}
	return sign(len(a) - len(b))
}

func compareIdentifiers(a, b string) int {
	_, aWord := digits(a)
	_, bWord := digits(b)
	switch {
	case aWord == "" && bWord == "":
		return compareNumbers(a, b)
	case aWord == "":
		return -1
	case bWord == "":
		return 1
	}
	return strings.Compare(a, b)
}
