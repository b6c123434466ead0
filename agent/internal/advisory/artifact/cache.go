package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/layergate/layergate/agent/internal/advisory/store"
)

const (
	// keptIndexes is how many a cache keeps, those that were used last.
	keptIndexes = 4

	// abandoned is how old something unfinished is that nobody works on any
	// more.
	abandoned = 24 * time.Hour
)

// cache is a folder of indexes by the digest of their manifests:
//
//	HEX.json      the manifest as it came, with its signature
//	HEX.db        the index
//	HEX.ref       HEX is the SHA-256 of a reference: the manifest that it stood
//	              for when it was last resolved
//
// Everything appears whole, by renaming, a manifest after its index: any
// number of scans may share the folder. The times of the manifests' files are
// those of their last use.
type cache struct{ folder string }

func (c cache) path(digest v1.Hash, suffix string) string {
	return filepath.Join(c.folder, digest.Hex+suffix)
}

// writable says why nothing can be put into the cache; nil if it can. It makes
// the folder.
func (c cache) writable() error {
	if err := os.MkdirAll(c.folder, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.folder, temporary+"*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// manifest reads a manifest that was cached with its index. It is
// fs.ErrNotExist where there is none, or none that is whole.
func (c cache) manifest(digest v1.Hash, o Options) (*Manifest, error) {
	raw, err := os.ReadFile(c.path(digest, ".json"))
	if err != nil {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	if got, _, err := v1.SHA256(bytes.NewReader(raw)); err != nil || got != digest {
		return nil, fmt.Errorf("the cached manifest is damaged: %w", fs.ErrNotExist)
	}
	return parseVerified(raw, o)
}

// open opens a cached index. It is hashed (0.7 ms for each MB): one that was
// damaged on the disk is fetched again instead of failing scans half-way, and
// what a signature is for is what is used. It is fs.ErrNotExist where it is
// not there or not what its manifest describes.
func (c cache) open(digest v1.Hash, m *Manifest) (*store.Index, error) {
	path := c.path(digest, ".db")
	got, err := digestOf(path)
	if err == nil && got != m.Digest {
		err = errors.New("the cached index is damaged")
	}
	if err != nil {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	x, err := store.Open(path)
	if err != nil {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	if err := m.check(x.Info()); err != nil {
		return nil, errors.Join(fs.ErrNotExist, err, x.Close())
	}
	return x, nil
}

// last is what a reference stood for when it was last resolved. It is
// fs.ErrNotExist where that is not known.
func (c cache) last(ref string) (*reference, error) {
	text, err := os.ReadFile(c.refPath(ref))
	if err != nil {
		return nil, err
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil || r.Reference != ref {
		return nil, fmt.Errorf("%s is damaged", c.refPath(ref))
	}
	return &r, nil
}

// reference is the contents of a .ref file. It outlives the index: an older
// one is refused also when this one is not in the cache any more.
type reference struct {
	Reference string    `json:"reference"`
	Manifest  v1.Hash   `json:"manifest"`
	Built     time.Time `json:"built"`
	Newest    time.Time `json:"newest"`
}

func (c cache) refPath(ref string) string {
	return filepath.Join(c.folder, fmt.Sprintf("%x.ref", sha256.Sum256([]byte(ref))))
}

// used notes that ref stands for digest and that it was used now.
func (c cache) used(ref string, digest v1.Hash, m *Manifest, now time.Time) error {
	text, err := json.Marshal(reference{ref, digest, m.Built, m.Newest})
	if err != nil {
		return err
	}
	return errors.Join(c.write(c.refPath(ref), text), os.Chtimes(c.path(digest, ".json"), now, now))
}

// write puts a small file into the cache.
func (c cache) write(path string, text []byte) error {
	f, err := os.CreateTemp(c.folder, temporary+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// prune removes all but the indexes that were used last, and what nobody
// finished.
func (c cache) prune(now time.Time) error {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return err
	}
	type file struct {
		name string
		used time.Time
	}
	var manifests, others []file
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another scan was here
		}
		if err != nil {
			return err
		}
		f := file{e.Name(), info.ModTime()}
		if strings.HasSuffix(f.name, ".json") {
			manifests = append(manifests, f)
		} else {
			others = append(others, f)
		}
	}
	slices.SortFunc(manifests, func(a, b file) int { return b.used.Compare(a.used) })
	keep := make(map[string]bool)
	for i, f := range manifests {
		if stem := strings.TrimSuffix(f.name, ".json"); i < keptIndexes {
			keep[stem] = true
		} else if err := c.remove(f.name, stem+".db"); err != nil {
			return err
		}
	}
	for _, f := range others {
		if keep[strings.TrimSuffix(f.name, ".db")] || now.Sub(f.used) < abandoned || !ours(f.name) {
			continue
		}
		if err := c.remove(f.name); err != nil {
			return err
		}
	}
	return nil
}

// ours says whether a file is one that nobody finished, or an index without a
// manifest. A .ref stays: it is small, and keeps old indexes from coming back.
func ours(name string) bool {
	return strings.HasPrefix(name, temporary) || strings.HasSuffix(name, ".db")
}

func (c cache) remove(names ...string) error {
	for _, n := range names {
		if err := os.Remove(filepath.Join(c.folder, n)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
