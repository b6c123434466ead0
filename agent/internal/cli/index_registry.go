package cli

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/layergate/layergate/agent/internal/advisory/artifact"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/registry"
	"github.com/layergate/layergate/agent/internal/scan"
)

// registryFlags say which registries are trusted.
type registryFlags struct {
	insecure []string
	caCert   []string
}

func (f *registryFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.insecure, "insecure", nil, "a registry's `HOST`[:PORT] that may use HTTP or any certificate")
	flags.StringArrayVar(&f.caCert, "ca-cert", nil, "a PEM `FILE` of authorities to trust for the registries that are named; HOST=FILE for one host")
}

// authorities reads the values of --ca-cert into a map from hosts to files, ""
// being the registry that is spoken to.
func (f registryFlags) authorities() (map[string]string, error) {
	var m map[string]string
	for _, v := range f.caCert {
		host, file, ok := strings.Cut(v, "=")
		if !ok {
			host, file = "", v
		}
		if file == "" {
			return nil, fmt.Errorf("--ca-cert %q names no file", v)
		}
		if m == nil {
			m = make(map[string]string)
		}
		m[host] = file
	}
	return m, nil
}

func (a *app) registryOptions(f registryFlags) (registry.Options, error) {
	authorities, err := f.authorities()
	return registry.Options{Insecure: f.insecure, CACert: authorities, Env: a.env, UserAgent: "layergate/" + version()}, err
}

// openRegistryIndex opens an index in a registry, or the copy in the user's
// cache.
func (a *app) openRegistryIndex(ctx context.Context, ref string, keys []ed25519.PublicKey, f indexFlags) (*store.Index, string, error) {
	o := artifact.OpenOptions{TempDir: cmp.Or(f.tempDir, a.env("TMPDIR")), Now: a.now()}
	var err error
	if o.Registry, err = a.registryOptions(f.registryFlags); err != nil {
		return nil, ref, err
	}
	if folder := a.cacheFolder(); folder != "" {
		o.Cache = filepath.Join(folder, "indexes")
	}
	o.Keys = keys
	progress := a.newProgress()
	o.Progress = func(done, total int64) { progress.show(pulling(done, total)) }
	opened, err := artifact.Open(ctx, ref, o)
	progress.clear()
	if err != nil {
		return nil, ref, err
	}
	for _, w := range opened.Warnings {
		a.log.Warn(w)
	}
	if opened.Stale != nil {
		info := opened.Info()
		a.log.Warnf("%v; using the copy in the cache, whose data is of %s (%s)", opened.Stale, day(info.Newest), ageWords(ageDays(info.Newest, a.now())))
	}
	return opened.Index, opened.Location, nil
}

func pulling(done, total int64) scan.Event {
	return scan.Event{Stage: fmt.Sprintf("pulling the advisory index: %d of %d MB", done/1e6, total/1e6)}
}
