package fetch

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// osvBase is where osv.dev exports its records to
// (https://google.github.io/osv.dev/data/#data-dumps): ecosystems.txt lists
// the ecosystems, one a line; each has an all.zip with everything about it and
// its releases. Lines with a release ("Debian:12") are left from when those
// had archives of their own.
const osvBase = "https://storage.googleapis.com/osv-vulnerabilities/"

// osvDefault are the ecosystems that images have packages of. Not among them
// are those that the table of sources has whole from their publishers (Alpine,
// Debian, Photon OS, Red Hat) and what is no package (Android, GIT, GitHub
// Actions, Linux, OSS-Fuzz): name them to get them. Chainguard's and Wolfi's
// own feeds list fixes only; what has none is in their OSV records.
var osvDefault = []string{
	"AlmaLinux", "Alpaquita", "Azure Linux", "BellSoft Hardened Containers", "Bitnami", "Chainguard", "CRAN", "crates.io", "Echo",
	"Go", "Hackage", "Hex", "Julia", "Mageia", "Maven", "MinimOS", "npm", "NuGet", "openEuler", "openSUSE",
	"Packagist", "Pub", "PyPI", "Rocky Linux", "RubyGems", "SUSE", "SwiftURL", "Ubuntu", "Wolfi",
}

func listOSV(ctx context.Context, s *session, parts []string) ([]file, error) {
	text, err := s.text(ctx, osvBase+"ecosystems.txt")
	if err != nil {
		return nil, err
	}
	var listed []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); safe(line) && !strings.Contains(line, "/") {
			listed = append(listed, line)
		}
	}
	for _, part := range parts {
		if !slices.Contains(listed, part) {
			return nil, fmt.Errorf("osv.dev has no ecosystem %q (it has %s)", part, strings.Join(listed, ", "))
		}
	}
	if len(parts) == 0 {
		parts = slices.DeleteFunc(slices.Clone(osvDefault), func(e string) bool { return !slices.Contains(listed, e) })
	}
	if len(parts) == 0 {
		return nil, errNothing
	}
	var files []file
	for _, e := range parts {
		files = append(files, file{path: "osv/" + e + "/all.zip", url: osvBase + url.PathEscape(e) + "/all.zip"})
	}
	return files, nil
}
