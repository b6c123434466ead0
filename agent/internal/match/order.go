package match

import (
	"regexp"
	"strings"

	"github.com/google/osv-scalibr/semantic"
)

// version is one version of one ecosystem, parsed once and compared often.
type version interface {
	// compare says whether the version is older than (-1), the same as (0) or
	// newer than (1) other, which is of the same ecosystem. It is false when
	// nobody can tell: when the answer hangs on a part of either version that
	// its ecosystem gives no meaning to ("1.17.13-2,1.18.8-2"). Versions that
	// differ before that part are compared all the same.
	compare(other version) (int, bool)
}

// order is the order of an ecosystem's versions: it makes of a version's text
// something to compare. It is false for a text that is no version at all.
type order func(text string) (version, bool)

// published is an order of osv-scalibr's semantic package. Its parsers take
// any text and order garbage in silence, so that shape, the grammar that the
// ecosystem's own tool insists on, comes first.
func published(shape *regexp.Regexp, parse func(string) (semantic.Version, error)) order {
	return func(text string) (version, bool) {
		text = strings.TrimSpace(text)
		if len(text) > maxVersion || !shape.MatchString(text) {
			return nil, false
		}
		v, err := parse(text)
		if err != nil {
			return nil, false
		}
		return semanticVersion{v}, true
	}
}

// maxVersion is the length in bytes above which a text is not taken for a
// version: the longest in the real feeds has 75, and comparing is
// superlinear for some orders.
const maxVersion = 256

type semanticVersion struct{ semantic.Version }

func (v semanticVersion) compare(other version) (int, bool) {
	c, err := v.Compare(other.(semanticVersion).Version)
	return sign(c), err == nil
}

// The grammars, each as loose as the ecosystem's own tool.
var (
	// PEP 440, appendix B.
	pypiShape = regexp.MustCompile(`(?i)^v?(\d+!)?\d+(\.\d+)*` +
		`([-_.]?(alpha|beta|preview|pre|a|b|c|rc)[-_.]?\d*)?` +
		`(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?([-_.]?dev[-_.]?\d*)?` +
		`(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`)
	// Gem::Version::VERSION_PATTERN.
	gemShape = regexp.MustCompile(`^[0-9]+(\.[0-9a-zA-Z]+)*(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$`)
	// NuGet.Versioning: up to four numbers, SemVer 2.0 labels.
	nugetShape = regexp.MustCompile(`^[0-9]+(\.[0-9]+){0,3}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$`)
)

var (
	pypiOrder = published(pypiShape, func(s string) (semantic.Version, error) {
		return semantic.ParsePyPIVersion(s)
	})
	gemOrder = published(gemShape, func(s string) (semantic.Version, error) {
		// Gem::Version does so too; osv-scalibr takes 1.0-1 for newer than 1.0.b1.
		return semantic.ParseRubyGemsVersion(strings.ReplaceAll(s, "-", ".pre.")), nil
	})
	nugetOrder = published(nugetShape, func(s string) (semantic.Version, error) {
		return semantic.ParseNuGetVersion(s), nil
	})
)

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// digits splits the leading digits off s.
func digits(s string) (number, rest string) {
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return s[:i], s[i:]
}

// compareNumbers compares two strings of digits by value, whatever their
// length; an empty one is zero.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		return sign(len(a) - len(b))
	}
	return strings.Compare(a, b)
}
