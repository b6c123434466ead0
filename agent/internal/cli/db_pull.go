package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/layergate/layergate/agent/internal/advisory/artifact"
	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// pullFlags are the flags of db pull.
type pullFlags struct {
	output     string
	allowOlder bool
	indexFlags
}

func (a *app) dbPullCommand() *cobra.Command {
	var f pullFlags
	c := &cobra.Command{
		Use:   "pull oci://REGISTRY/REPOSITORY:TAG[@DIGEST]",
		Short: "Fetch an advisory index from an OCI registry",
		Long: `Pull fetches an index that db push has put into a registry, checks it and puts
it into the user's cache, where scans find it, or into a file. If anything is
wrong the file that was there stays. An index that is older than the one that
is there is refused.`,
		Example: `  layergate db pull oci://registry.corp:5000/security/advisories:latest --verify-key key.pub
  layergate db pull oci://registry.corp:5000/security/advisories:latest -o index.db`,
		Args: exactly(1, "one reference, oci://REGISTRY/REPOSITORY:TAG"),
		RunE: func(c *cobra.Command, args []string) error { return a.pullIndex(c.Context(), args[0], f) },
	}
	flags := c.Flags()
	flags.StringVarP(&f.output, "output", "o", "", "the `FILE` to write (default: layergate/index.db in $XDG_CACHE_HOME or ~/.cache)")
	flags.BoolVar(&f.allowOlder, "allow-older", false, "replace an index by an older one")
	f.addVerifyKey(flags)
	f.registryFlags.add(flags)
	return c
}

func (a *app) pullIndex(ctx context.Context, ref string, f pullFlags) error {
	path, err := a.pullTo(f.output)
	if err != nil {
		return err
	}
	o := artifact.PullOptions{AllowOlder: f.allowOlder, Warn: func(s string) { a.log.Warn(s) }}
	if o.Keys, err = readVerifyKeys(f.verifyKeys); err != nil {
		return err
	}
	if o.Registry, err = a.registryOptions(f.registryFlags); err != nil {
		return err
	}
	progress := a.newProgress()
	o.Progress = func(done, total int64) { progress.show(pulling(done, total)) }
	_, err = artifact.Pull(ctx, ref, path, o)
	progress.clear()
	if err != nil {
		return err
	}
	x, err := store.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(a.printIndex(path, x.Info()), x.Close())
}

// pullTo is the file to write.
func (a *app) pullTo(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	folder := a.cacheFolder()
	if folder == "" {
		return "", errors.New("the user has no cache ($XDG_CACHE_HOME and $HOME are empty): name a file with -o")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("making the cache: %w", err)
	}
	return filepath.Join(folder, indexFile), nil
}
