package cli

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/advisory/feed"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/report"
)

func (a *app) dbCommand() *cobra.Command {
	c := &cobra.Command{Use: "db", Short: "Build an advisory index, or see what is in one"}
	group(c)
	c.AddCommand(
		a.dbBuildCommand(), a.dbUpdateCommand(), a.dbStatusCommand(), a.dbShowCommand(), a.dbDiffCommand(),
		a.dbPushCommand(), a.dbPullCommand(),
	)
	return c
}

func (a *app) dbBuildCommand() *cobra.Command {
	var from, to string
	var sources []string
	c := &cobra.Command{
		Use:   "build --from FOLDER -o FILE",
		Short: "Compile advisories, as their publishers publish them, into one index file",
		Long: `Build reads a folder of advisories, as "layergate db update" fetches it, and
compiles them into one file, which scans use with --db or $LAYERGATE_DB. No
network is used: where there is none, take the folder there, or a zip archive of
it, or single files under their published names. Build takes what it finds of

  osv/ECOSYSTEM/all.zip      records of osv.dev
  alpine-secdb/vX.Y/         main.json and community.json of secdb.alpinelinux.org
  debian-tracker.json        the Debian security tracker's JSON
  redhat-vex/                Red Hat's CSAF VEX: the archive, and newer documents
  amazon/RELEASE/REPOSITORY/ updateinfo.xml.gz of Amazon Linux
  oracle/                    com.oracle.elsa-all.xml.bz2
  photon/                    cve_data_photonX.Y.json
  wolfi/, chainguard/        security.json of each
  kev.json                   CISA's known exploited vulnerabilities
  epss.csv.gz                FIRST's EPSS scores

A file that cannot be read ends the build; single records that cannot be used
are counted and named.`,
		Example: `  layergate db build --from advisories/ -o index.db --sources osv/Debian,kev.json
  layergate db build --from advisories.zip -o index.db
  layergate db build --from osv/Go/all.zip -o go.db`,
		Args: exactly(0, "no arguments"),
		RunE: func(c *cobra.Command, _ []string) error {
			if from == "" || to == "" {
				return fmt.Errorf("db build wants both --from FOLDER and -o FILE (see %s --help)", c.CommandPath())
			}
			return a.buildIndex(c, from, to, sources)
		},
	}
	c.Flags().StringVar(&from, "from", "", "the `FOLDER` of advisories, a zip archive of it, or one file of it")
	c.Flags().StringVarP(&to, "output", "o", "", "the index `FILE` to write")
	c.Flags().StringSliceVar(&sources, "sources", nil, "take these `NAMES` only: paths in the folder (osv/Go) or names of sources (Go)")
	return c
}

func (a *app) buildIndex(c *cobra.Command, from, to string, sources []string) error {
	folder, err := feed.Open(from, "")
	if err != nil {
		return fmt.Errorf("building the advisory index from %s: %w", from, err)
	}
	defer folder.Close()
	created, err := a.created()
	if err != nil {
		return err
	}
	p := a.newProgress()
	built, err := store.Build(c.Context(), folder.FS, to, store.Options{
		Sources:  sources,
		Time:     created,
		Progress: a.compiling(p),
	})
	p.clear()
	if err != nil {
		return err
	}
	if err := a.printIndex(to, built.Info); err != nil {
		return err
	}
	return a.printSkipped(built)
}

// printSkipped says what a build left out, and why.
func (a *app) printSkipped(built *store.Report) error {
	w := bufio.NewWriter(a.stdout)
	for _, s := range built.Sources {
		for _, k := range s.Skipped {
			line := fmt.Sprintf("left out of %s: %d, %s (such as %s)", s.Name, k.Count, k.Reason, strings.Join(k.Examples, ", "))
			fmt.Fprintln(w, report.EscapeTerminal(line))
		}
	}
	return w.Flush()
}
