package store

import (
	"regexp"
	"strings"
)

// suseRelease finds the release in the name of a product, module or long-term
// support of SUSE Linux Enterprise. All of a release's products share one set
// of packages, and an image does not say which of them it may use.
var suseRelease = regexp.MustCompile(`^Linux Enterprise [A-Za-z ]*?(\d+(?: SP\d+)?)(?:-[A-Z0-9-]+)?$`)

// Key is under which ecosystem, release and name a package is kept: what
// Compile writes and Lookup asks for. The ecosystem and release are OSV's
// ("Debian", "12"); the release is empty where a name means the same package
// everywhere ("npm").
//
// Names are folded where the ecosystem's registry does so: PyPI as PEP 503
// says, and by case in NuGet, Packagist, Hex, Pub, Bitnami and GitHub Actions.
// Everywhere else they are exact.
func Key(ecosystem, name string) (base, release, folded string) {
	base, release, _ = strings.Cut(ecosystem, ":")
	switch base {
	case "Red Hat": // a CPE's end: "enterprise_linux:8::baseos" is 8; extended support stays apart
		if product, ok := strings.CutPrefix(release, "enterprise_linux:"); ok {
			release, _, _ = strings.Cut(product, ":")
			release, _, _ = strings.Cut(release, ".")
		}
	case "SUSE": // "Linux Enterprise Module for Basesystem 15 SP5" and "Linux Enterprise Server 15 SP5-LTSS" are 15 SP5
		if m := suseRelease.FindStringSubmatch(release); m != nil {
			release = m[1]
		}
	case "Ubuntu": // "22.04:LTS" is 22.04; "Pro:22.04:LTS" stays apart as "Pro:22.04"
		release = strings.TrimSuffix(release, ":LTS")
	case "Maven": // a suffix is a repository's address
		release = ""
	}
	switch base {
	case "PyPI":
		name = foldPyPI(name)
	case "NuGet", "Packagist", "Hex", "Pub", "Bitnami", "GitHub Actions":
		name = strings.ToLower(name)
	}
	return base, release, name
}

// foldPyPI lowers a name and makes every run of "-", "_" and "." one "-"
// (https://peps.python.org/pep-0503/#normalized-names).
func foldPyPI(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	separated := false
	for _, r := range strings.ToLower(name) {
		if r == '-' || r == '_' || r == '.' {
			if !separated {
				b.WriteByte('-')
			}
			separated = true
			continue
		}
		separated = false
		b.WriteRune(r)
	}
	return b.String()
}

// join is the ecosystem as a match shows it.
func join(base, release string) string {
	if release == "" {
		return base
	}
	return base + ":" + release
}
