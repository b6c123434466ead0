package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

// embedded is how results call what is part of the programme.
const embedded = "embedded"

// indexPlaces is part of --help; the back quotes are pflag's mark of a value's name.
const indexPlaces = "the advisory index `FILE` to use (default: $LAYERGATE_DB, else\n" +
	"layergate/index.db in $XDG_CACHE_HOME or ~/.cache if it is there, else the one in the programme)"

// openIndex opens the advisory index that a command uses, and says which it
// is. An index that is there and cannot be read is an error: falling back to
// another would change what is found without a word.
func (a *app) openIndex(flag string) (index *store.Index, location string, err error) {
	path, why := flag, "--db"
	if path == "" {
		path, why = a.env("LAYERGATE_DB"), "$LAYERGATE_DB"
	}
	if path == "" {
		path, why = a.cachedIndex()
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

// cachedIndex is the index in the user's cache; empty if there is none.
func (a *app) cachedIndex() (path, why string) {
	folder := a.env("XDG_CACHE_HOME")
	if folder == "" && a.env("HOME") != "" {
		folder = filepath.Join(a.env("HOME"), ".cache")
	}
	if folder == "" {
		return "", ""
	}
	path = filepath.Join(folder, "layergate", "index.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return "", ""
	}
	return path, "the user's cache; --db chooses another"
}
