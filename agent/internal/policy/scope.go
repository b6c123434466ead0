package policy

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/image"
)

// matches reports whether a rule with this scope is for the image.
func (s Scope) matches(names []string, labels map[string]string, job string) bool {
	if s.Images != nil && !anyMatch(s.Images, names) {
		return false
	}
	for key, pattern := range s.Labels {
		value, ok := labels[key]
		if !ok || !globMatch(pattern, value) {
			return false
		}
	}
	return s.Jobs == nil || anyMatch(s.Jobs, []string{job})
}

// shadows reports whether a rule with scope s, standing first, leaves nothing
// for one with scope other. It may miss a shadow, but never sees one that is
// not there.
func (s Scope) shadows(other Scope) bool {
	if !coversAll(s.Images, other.Images) || !coversAll(s.Jobs, other.Jobs) {
		return false
	}
	for key, pattern := range s.Labels {
		narrow, ok := other.Labels[key]
		if !ok || !covers(pattern, narrow) {
			return false
		}
	}
	return true
}

// coversAll reports whether each narrow pattern is covered by a wide one.
func coversAll(wide, narrow []string) bool {
	if wide == nil {
		return true
	}
	if narrow == nil {
		return false
	}
	for _, n := range narrow {
		covered := false
		for _, w := range wide {
			covered = covered || covers(w, n)
		}
		if !covered {
			return false
		}
	}
	return true
}

// imageNames are the names that a pattern may match: each reference as it is
// and without its tag and digest, in all the ways in which it can be written.
func imageNames(name string, tags []string) []string {
	var names []string
	for _, reference := range append([]string{name}, tags...) {
		if reference == "" {
			continue
		}
		for _, spelling := range spellings(reference) {
			names = append(names, spelling)
			if r := image.Repository(spelling); r != spelling {
				names = append(names, r)
			}
		}
	}
	return names
}

// spellings are the ways to write a reference: for one to Docker Hub the short
// one ("debian:12") and the long one ("docker.io/library/debian:12"), for any
// other only itself. As for the docker client, the part before the first slash
// is a host if it has a dot or a port, or is localhost.
func spellings(reference string) []string {
	for _, hub := range []string{"index.docker.io/", "docker.io/"} {
		if rest, ok := strings.CutPrefix(reference, hub); ok {
			return []string{strings.TrimPrefix(rest, "library/"), "docker.io/" + rest}
		}
	}
	host, _, hasSlash := strings.Cut(reference, "/")
	switch {
	case !hasSlash:
		return []string{reference, "docker.io/library/" + reference}
	case host == "localhost" || strings.ContainsAny(host, ".:"):
		return []string{reference}
	}
	return []string{reference, "docker.io/" + reference}
}
