package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// scanFlags are the flags of one scan.
type scanFlags struct {
	policy   string
	noGate   bool
	platform string
	verify   bool
	timeout  time.Duration
	job      string
	indexFlags
	reportFlags
}

// What several commands say of the same flags.
const (
	policyHelp = "the policy `FILE` that decides, - for stdin (default: the one in the programme)"
	jobHelp    = "the pipeline's job `NAME`, for the policy's scopes (default: $CI_JOB_NAME, $JOB_NAME or $GITHUB_JOB)"
)

const scanHelp = `Scan reads an image once, layer by layer, finds the packages in it, matches them
with an index of known vulnerabilities, and decides by a policy. Nothing is
unpacked and nothing is run.

IMAGE is, in this order:
  a path       an archive of docker save, buildx, buildah, skopeo or kaniko, an
               OCI layout, or a folder with a root file system
  a name       of an image in the local docker daemon, then podman's, then in a
               registry (credentials as docker login stores them)
A prefix skips the guess: docker-archive: oci-archive: oci: docker: podman:
registry: rootfs:

Reports (--output FORMAT or FORMAT=FILE, as often as needed; without any, a
table on stdout):
`

const scanExamples = `  # what is wrong with it, in which layer, and does the default policy let it pass?
  layergate scan shop.tar

  # in a pipeline: the result for later, a table for the log, your own policy
  layergate scan registry.example.com/shop/web:1.2 --policy policy.yaml -o json=result.json -o table

  # another platform of an image in a registry with a certificate of its own
  layergate scan registry:registry.corp:5000/web:1 --platform linux/arm64 --ca-cert corp-ca.pem

  # a root file system, against an index of one's own
  layergate scan rootfs:/mnt/target --db index.db`

func (a *app) scanCommand() *cobra.Command {
	var f scanFlags
	c := &cobra.Command{
		Use:     "scan IMAGE",
		Short:   "Scan an image, and say whether the policy lets it pass",
		Long:    scanHelp + formatHelp() + "\n" + exitCodeHelp,
		Example: scanExamples,
		Args:    exactly(1, "one image"),
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			if f.timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, f.timeout)
				defer cancel()
			}
			return a.runScan(ctx, args[0], f)
		},
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVarP(&f.policy, "policy", "p", "", policyHelp)
	flags.StringVar(&f.db, "db", "", indexPlaces)
	f.addVerifyKey(flags)
	f.reportFlags.add(flags)
	flags.BoolVar(&f.noGate, "no-gate", false, "exit with 0 though the policy blocks: a later \"layergate gate\" decides; an incomplete scan still is 1")
	flags.StringVar(&f.platform, "platform", "", "which of an image's platforms, as `OS/ARCH[/VARIANT]`")
	f.registryFlags.add(flags)
	flags.BoolVar(&f.verify, "verify", false, "hash every layer against its diff ID, also where that takes reading more")
	flags.DurationVar(&f.timeout, "timeout", 0, "give up after this long, as 90s or 5m (default: never)")
	flags.StringVar(&f.job, "job", "", jobHelp)
	flags.StringVar(&f.tempDir, "temp-dir", "", "the `FOLDER` to spool to what cannot be read in place (default: $TMPDIR, else the system's)")
	return c
}
