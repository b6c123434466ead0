package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/advisory/fetch"
)

// updateFlags are the flags of db update.
type updateFlags struct {
	sources    []string
	mirror     string
	from       string
	db         string
	cache      string
	caCert     string
	allowOlder bool
	keepGoing  bool
}

func (a *app) dbUpdateCommand() *cobra.Command {
	var f updateFlags
	c := &cobra.Command{
		Use:   "update",
		Short: "Fetch what publishers of advisories have, and compile it into the index",
		Long: `Update downloads advisories from their publishers into a folder, only what has
changed since the last time, and compiles all that is in the folder into the
index that scans use. If nothing has changed, the index is left as it is.

Sources, and about how much the first download is:

` + sourceTable() + `
If a source fails, the others are fetched, the index is not rebuilt, and the exit
code is 1: the index that is there stays in use, and how old it is is said. With
--keep-going it is rebuilt with what is there of the source that failed, from the
last time that it was fetched. The exit code is 1 then too: whoever updates must
hear that advisories are missing, or a source could fail for months.

What is offered must not be older than what is there: a server that is stale or
has been tampered with would make vulnerabilities disappear. --allow-older takes
it nevertheless.

A mirror is the folder itself, served by any web server: run db update where
there is a way out, serve its folder ($XDG_CACHE_HOME/layergate/advisories, or
--cache), and name that address with --mirror. What comes from it is compared
with the SHA-256 sums in its downloads.json. $LAYERGATE_MIRROR_TOKEN, if set, is
sent to it as a bearer token, and to no other host. Without any network, copy the
folder (as it is, or as a zip) and name it with --from.

Proxies are taken from $HTTPS_PROXY, $HTTP_PROXY and $NO_PROXY.`,
		Example: `  layergate db update
  layergate db update --source osv/npm,osv/Maven,debian,kev,epss
  layergate db update --mirror https://mirror.example.com/advisories
  layergate db update --from advisories.zip`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error { return a.updateIndex(c.Context(), f) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.sources, "source", nil, "fetch these `NAMES` only (the index still has all that is in the folder)")
	flags.StringVar(&f.mirror, "mirror", "", "the base `URL` of a mirror to fetch from instead of the publishers")
	flags.StringVar(&f.from, "from", "", "compile this `FOLDER|ZIP` instead of fetching anything")
	flags.StringVar(&f.db, "db", "", "the index `FILE` to rebuild (default: $LAYERGATE_DB, else layergate/index.db in\n$XDG_CACHE_HOME or ~/.cache)")
	flags.StringVar(&f.cache, "cache", "", "the `FOLDER` to download into (default: layergate/advisories in $XDG_CACHE_HOME or ~/.cache)")
	flags.StringVar(&f.caCert, "ca-cert", "", "a PEM `FILE` of authorities to trust besides the system's")
	flags.BoolVar(&f.allowOlder, "allow-older", false, "take advisories that are older than those that are there")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "rebuild the index even if a source fails, with what is there of it")
	c.MarkFlagsMutuallyExclusive("from", "mirror")
	c.MarkFlagsMutuallyExclusive("from", "source")
	c.MarkFlagsMutuallyExclusive("from", "cache")
	c.MarkFlagsMutuallyExclusive("from", "ca-cert")
	c.MarkFlagsMutuallyExclusive("from", "keep-going")
	return c
}

// sourceTable is part of --help.
func sourceTable() string {
	var b strings.Builder
	for _, s := range fetch.Sources {
		name := s.Name
		if s.Parts {
			name += "[/…]"
		}
		fmt.Fprintf(&b, "  %-12s %4d MB  %s\n", name, s.MB, s.What)
	}
	return b.String()
}

// places finds the index and the folder that an update is about.
func (a *app) places(f updateFlags) (index, folder string, err error) {
	cache := a.cacheFolder()
	if index = f.db; index == "" {
		index = a.env("LAYERGATE_DB")
	}
	if index == "" && cache != "" {
		index = filepath.Join(cache, indexFile)
	}
	if folder = f.cache; folder == "" && cache != "" {
		folder = filepath.Join(cache, "advisories")
	}
	switch {
	case index == "":
		err = fmt.Errorf("there is no place for the index: name one with --db, or set $HOME")
	case strings.HasPrefix(index, "oci://"):
		err = fmt.Errorf("%s is not a file that can be rebuilt: name one with --db, then layergate db push it", index)
	case folder == "" && f.from == "":
		err = fmt.Errorf("there is no place for what is downloaded: name a folder with --cache, or set $HOME")
	}
	return index, folder, err
}
