package finding

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

// fingerprintLength is how many hex digits of the hash are kept: 128 bits, so
// that no two findings of all the images of a company share one by chance.
const fingerprintLength = 32

// digest is a hash in hex, of 128 bits or more, wherever it stands.
var digest = regexp.MustCompile(`[0-9a-f]{32,}`)

// Fingerprint names a finding across builds and machines, so that a baseline,
// an exception or a merge request's report knows it again. instruction is the
// cleaned Dockerfile instruction of its layer; empty where none can be named.
//
// It is made of the kind, the id, the package's type and name, the path and
// the instruction. What a rebuild changes though nothing is different is left
// out: the layer's digest and its position, digests in paths and instructions
// ("ADD file:4b3b… in /"), and the package's version, in the path too
// ("lib/foo-1.2.jar"). So one vulnerability of two versions of a package at one
// path has one fingerprint; so has one that an upgrade did not fix.
func Fingerprint(f Finding, instruction string) string {
	path, pkg := f.Path, Package{}
	if f.Package != nil {
		pkg = *f.Package
		path = withoutVersion(path, pkg.Version)
	}
	path = digest.ReplaceAllString(path, "*")
	instruction = digest.ReplaceAllString(instruction, "*")
	sum := sha256.Sum256(fmt.Appendf(nil, "1 %q %q %q %q %q %q",
		f.Kind, f.ID, pkg.Type, pkg.Name, path, instruction))
	return hex.EncodeToString(sum[:])[:fingerprintLength]
}

// withoutVersion replaces a version where it stands alone in a path: between
// separators, not within a longer number or word.
func withoutVersion(path, version string) string {
	if version == "" {
		return path
	}
	var b strings.Builder
	for at := 0; at < len(path); {
		end := at + len(version)
		if strings.HasPrefix(path[at:], version) &&
			(at == 0 || strings.IndexByte("/-_@", path[at-1]) >= 0) &&
			(end == len(path) || strings.IndexByte("/-_@.!", path[end]) >= 0) {
			b.WriteByte('*')
			at = end
			continue
		}
		b.WriteByte(path[at])
		at++
	}
	return b.String()
}
