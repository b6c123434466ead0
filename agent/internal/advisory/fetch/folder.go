package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/network"
)

// partialFolder is where unfinished downloads are, beside the layout.
const partialFolder = ".partial"

// Folder is a folder of advisories that is open for an update; no other
// process has it open.
type Folder struct {
	path  string
	lock  *os.File
	state *state
}

// maxLocked is how long to wait for another update to end.
const maxLocked = 30 * time.Minute

// errLocked is a lock that someone else has.
var errLocked = errors.New("it is locked")

// Open opens the folder at path and makes it if need be. While another
// process has it open, it waits; blocked, if not nil, is told so once.
func Open(ctx context.Context, path string, blocked func()) (*Folder, error) {
	if err := os.MkdirAll(filepath.Join(path, partialFolder), 0o755); err != nil {
		return nil, err
	}
	lock, err := waitForLock(ctx, filepath.Join(path, ".lock"), blocked)
	if err != nil {
		return nil, fmt.Errorf("locking the folder %s: %w", path, err)
	}
	f := &Folder{path: path, lock: lock}
	if f.state, err = loadState(path); err != nil {
		return nil, oneOf(err, f.Close())
	}
	return f, nil
}

func waitForLock(ctx context.Context, name string, blocked func()) (*os.File, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, maxLocked,
		fmt.Errorf("another update has had it for %s: see whether one hangs", maxLocked))
	defer cancel()
	for {
		lock, err := tryLock(name)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		if blocked != nil {
			blocked()
			blocked = nil
		}
		if err := network.Wait(ctx, 100*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// Close lets others have the folder.
func (f *Folder) Close() error { return f.lock.Close() }

// Compiled is what SetCompiled was last told.
func (f *Folder) Compiled() Compiled { return f.state.Compiled }

// SetCompiled notes that an index was made of the folder.
func (f *Folder) SetCompiled(c Compiled) error {
	f.state.mu.Lock()
	f.state.Compiled, f.state.dirty = c, true
	f.state.mu.Unlock()
	return f.state.save()
}

// Fingerprint changes when anything in the folder does, by whomever: it is
// made of the names, sizes and times of all files that are not hidden.
func (f *Folder) Fingerprint() (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(f.path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && p != f.path && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || strings.HasPrefix(d.Name(), ".") || d.Name() == stateFile:
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(f.path, p)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %d %d\n", filepath.ToSlash(name), info.Size(), info.ModTime().UnixNano())
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)), err
}

// place is where a file of the layout is.
func (f *Folder) place(path string) string { return filepath.Join(f.path, filepath.FromSlash(path)) }

// known is what the state says of a file, if the file is still there.
func (f *Folder) known(path string) (entry, bool) {
	e, ok := f.state.get(path)
	if !ok {
		return entry{}, false
	}
	info, err := os.Lstat(f.place(path))
	if err != nil || !info.Mode().IsRegular() || info.Size() != e.Size {
		return entry{}, false
	}
	return e, true
}

// Damaged finds the files that are not as they were downloaded: a disk that
// failed, a cache that was restored in part. They are forgotten, so that the
// next update downloads them whatever their servers say of changes.
func (f *Folder) Damaged() ([]string, error) {
	var damaged []string
	for p, e := range f.state.all() {
		sum, err := sumOfFile(f.place(p))
		if err != nil || sum != e.SHA256 {
			damaged = append(damaged, p)
			f.state.remove(p)
		}
	}
	slices.Sort(damaged)
	return damaged, f.state.save()
}

func sumOfFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	_, err = io.Copy(h, file)
	return hex.EncodeToString(h.Sum(nil)), err
}

// removeOthers removes the files of a source that are not in its list.
func (f *Folder) removeOthers(source *Source, listed []file) (removed int, err error) {
	keep := make(map[string]bool)
	for _, l := range listed {
		keep[l.path] = true
	}
	root, _, _ := strings.Cut(source.Path, "/")
	err = filepath.WalkDir(f.place(root), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(f.path, p)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); keep[name] || !source.holds(name) {
			return nil
		}
		f.state.remove(name)
		removed++
		return os.Remove(p)
	})
	return removed, err
}
