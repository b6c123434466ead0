package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// coveredEcosystem is what the index calls an ecosystem that was asked for in
// whichever case. An error says what the index has instead.
func coveredEcosystem(index *store.Index, name, asked string) (string, error) {
	if index.Covers(asked) {
		return asked, nil
	}
	covered := index.Ecosystems()
	base, release, _ := strings.Cut(asked, ":")
	for _, own := range slices.Sorted(maps.Keys(covered)) {
		if strings.EqualFold(own, base) {
			if full := own + ":" + release; release != "" && index.Covers(full) {
				return full, nil
			}
			return coveredRelease(own, covered[own], name, release)
		}
	}
	hint := ""
	if digits := strings.TrimPrefix(asked, "v"); digits != "" && '0' <= digits[0] && digits[0] <= '9' {
		hint = " (a version goes with --version)"
	}
	return "", fmt.Errorf("the advisory index does not cover an ecosystem %q%s; it covers %s",
		asked, hint, strings.Join(slices.Sorted(maps.Keys(covered)), ", "))
}

// coveredRelease finds the release of an ecosystem that the index covers.
func coveredRelease(ecosystem string, releases []string, name, asked string) (string, error) {
	full := func(release string) string {
		if release == "" {
			return ecosystem
		}
		return ecosystem + ":" + release
	}
	releases = slices.SortedFunc(slices.Values(releases), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) // 9 before 10
	})
	for _, r := range releases {
		if strings.EqualFold(r, asked) {
			return full(r), nil
		}
	}
	list := strings.Join(releases, ", ")
	if list == "" {
		return "", fmt.Errorf("%s has no releases: ask for %s@%s", ecosystem, name, ecosystem)
	}
	if asked == "" {
		return "", fmt.Errorf("%s has releases, and what is known of a package differs between them: ask for one, such as %s@%s (the advisory index covers %s)",
			ecosystem, name, full(newestRelease(releases)), list)
	}
	return "", fmt.Errorf("the advisory index does not cover %s; of %s it covers %s", full(asked), ecosystem, list)
}

// newestRelease is the last of releases that is no line of its own beside the
// others, as Ubuntu's "Pro:22.04" is.
func newestRelease(releases []string) string {
	for _, r := range slices.Backward(releases) {
		if !strings.Contains(r, ":") {
			return r
		}
	}
	return releases[len(releases)-1]
}
