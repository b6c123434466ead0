package feed

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
)

// Chainguard's security feeds: that of Wolfi, published at
// https://packages.wolfi.dev/os/security.json, and that of all its packages,
// https://packages.cgr.dev/chainguard/security.json. Both have Alpine's form
// without a release, since the distros have none. Packages are origins
// (https://github.com/chainguard-dev/vulnerability-scanner-support,
// "scanning implementation"); an image's os-release says which of the two
// feeds speaks for it.
//
// They say what is fixed, and not what has no fix yet. Chainguard's records in
// OSV's form do, so that the two stand beside each other in an index.
//
// What a file says of its repository differs from mirror to mirror, so the
// folder that it lies in tells the distro.
var chainguardDistros = map[string]string{
	"wolfi/security.json":      "Wolfi",
	"chainguard/security.json": "Chainguard",
}

func claimChainguard(p string) (string, bool) {
	distro, ok := chainguardDistros[p]
	return distro + " secdb", ok
}

func readChainguard(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	distro := chainguardDistros[u.Path]
	db := secdb{ecosystem: distro, prefix: strings.ToUpper(distro) + "-", source: u.Source, out: out}
	head, err := db.read(ctx, fsys, u.Path)
	if err != nil {
		return err
	}
	if head.release != "" || head.repository == "" {
		return fmt.Errorf("reading %s: not a security feed of Chainguard's: its distroversion is %q, its reponame %q", u.Path, head.release, head.repository)
	}
	return nil
}
