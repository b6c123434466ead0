package source

import (
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// sameRef says whether ref is one of names, as it stands or as docker would
// complete it (shop is docker.io/library/shop:latest).
func sameRef(ref string, names ...string) bool {
	if slices.Contains(names, ref) {
		return true
	}
	want, err := name.ParseReference(ref)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(names, func(n string) bool {
		have, err := name.ParseReference(n)
		return err == nil && have.Name() == want.Name()
	})
}

// shortList is a list for an error message, of at most ten.
func shortList(s []string) string {
	const most = 10
	switch {
	case len(s) == 0:
		return "none"
	case len(s) > most:
		return strings.Join(s[:most], ", ") + ", …"
	}
	return strings.Join(s, ", ")
}
