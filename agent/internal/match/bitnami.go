package match

import (
	"regexp"
	"strings"
)

// bitnamiVersion is a version of a component that Bitnami builds: upstream's
// in the form of semantic versioning, and Bitnami's own revision behind it
// ("7.4.1-0"). Semantic versioning would take the revision for a pre-release,
// older than what it is a revision of.
type bitnamiVersion struct {
	upstream semverVersion
	revision string // "3", or "8-0" where upstream counts builds too; empty in most advisories
}

var bitnamiRevision = regexp.MustCompile(`(?:-\d+)+$`)

func bitnamiOrder(text string) (version, bool) {
	text = strings.TrimSpace(text)
	revision := bitnamiRevision.FindString(text)
	v, ok := parseSemver(strings.TrimSuffix(text, revision))
	return bitnamiVersion{v, strings.TrimPrefix(revision, "-")}, ok
}

// compare takes a version without a revision for all of its revisions.
func (v bitnamiVersion) compare(other version) (int, bool) {
	w := other.(bitnamiVersion)
	c, ok := v.upstream.compare(w.upstream)
	if c != 0 || !ok || v.revision == "" || w.revision == "" {
		return c, ok
	}
	a, b := v.revision, w.revision
	for a != "" && b != "" {
		var m, n string
		m, a, _ = strings.Cut(a, "-")
		n, b, _ = strings.Cut(b, "-")
		if c := compareNumbers(m, n); c != 0 {
			return c, true
		}
	}
	return sign(len(a) - len(b)), true
}
