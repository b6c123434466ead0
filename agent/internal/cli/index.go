package cli

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/layergate/layergate/agent/internal/advisory/artifact"
	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// embedded is how results call what is part of the programme.
const embedded = "embedded"

// indexPlaces is part of --help; the back quotes are pflag's mark of a value's name.
const indexPlaces = "the advisory index to use: a `FILE`, or oci://REGISTRY/REPOSITORY:TAG (default: $LAYERGATE_DB, else\n" +
	"layergate/index.db in $XDG_CACHE_HOME or ~/.cache if it is there, else the one in the programme)"

// indexFlags say which index a command uses and how it gets at it.
type indexFlags struct {
	db         string
	verifyKeys []string
	tempDir    string
	registryFlags
}

// add adds the flags of commands that have no other use for a registry.
func (f *indexFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.db, "db", "", indexPlaces)
	f.addVerifyKey(flags)
	f.registryFlags.add(flags)
}

func (f *indexFlags) addVerifyKey(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.verifyKeys, "verify-key", nil, "a PEM `FILE` with a public ed25519 key; one of those named must have signed the index, which is in a registry")
}

// openIndex opens the advisory index that a command uses, and says which it
// is. An index that is there and cannot be read is an error: falling back to
// another would change what is found without a word.
func (a *app) openIndex(ctx context.Context, f indexFlags) (index *store.Index, location string, err error) {
	path, why := f.db, "--db"
	if path == "" {
		path, why = a.env("LAYERGATE_DB"), "$LAYERGATE_DB"
	}
	if path == "" {
		path, why = a.cachedIndex()
	}
	keys, err := readVerifyKeys(f.verifyKeys)
	if err != nil {
		return nil, path, err
	}
	if artifact.IsReference(path) {
		if index, location, err = a.openRegistryIndex(ctx, path, keys, f); err != nil {
			err = fmt.Errorf("%w (named by %s)", err, why)
		}
		return index, location, err
	}
	if len(keys) > 0 {
		return nil, path, fmt.Errorf("--verify-key: the index %s is a file without a signature; only those of registries (--db oci://…) have one,"+
			" which db pull checks too", cmp.Or(path, embedded))
	}
	if path == "" {
		index, err = store.Embedded()
		return index, embedded, err
	}
	index, err = store.Open(path)
	if err != nil {
		return nil, path, fmt.Errorf("%w (named by %s)", err, why)
	}
	return index, path, nil
}

// cacheFolder is the programme's folder in the user's cache; empty if the
// user has none.
func (a *app) cacheFolder() string {
	folder := a.env("XDG_CACHE_HOME")
	if folder == "" && a.env("HOME") != "" {
		folder = filepath.Join(a.env("HOME"), ".cache")
	}
	if folder == "" {
		return ""
	}
	return filepath.Join(folder, "layergate")
}

// cachedIndex is the index in the user's cache; empty if there is none.
func (a *app) cachedIndex() (path, why string) {
	folder := a.cacheFolder()
	if folder == "" {
		return "", ""
	}
	path = filepath.Join(folder, indexFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", ""
	}
	return path, "the user's cache; --db chooses another"
}

// indexFile is the name of the index in cacheFolder that is used by default.
const indexFile = "index.db"

func readVerifyKeys(files []string) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading --verify-key: %w", err)
		}
		k, err := artifact.ParseVerifyKeys(text)
		if err != nil {
			return nil, fmt.Errorf("reading --verify-key %s: %w", file, err)
		}
		keys = append(keys, k...)
	}
	return keys, nil
}
