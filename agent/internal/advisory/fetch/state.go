package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// stateFile lists what is in the folder, for us and for those whom it is a
// mirror to.
const stateFile = "downloads.json"

// state is stateFile. Its methods may be called concurrently.
type state struct {
	name string

	mu       sync.Mutex
	dirty    bool
	Version  int              `json:"version"`
	Compiled Compiled         `json:"compiled"`
	Files    map[string]entry `json:"files"` // by path in the folder
}

// Compiled says of which state of the folder an index was made.
type Compiled struct {
	From  string `json:"from,omitempty"`  // Folder.Fingerprint
	Index string `json:"index,omitempty"` // the index's digest
}

// entry is what is known of a file that was downloaded.
type entry struct {
	Source       string    `json:"source"`
	URL          string    `json:"url"`
	ETag         string    `json:"etag,omitempty"`
	LastModified string    `json:"lastModified,omitempty"` // as an HTTP date
	Revision     string    `json:"revision,omitempty"`     // as in file
	Size         int64     `json:"size"`
	SHA256       string    `json:"sha256"`
	Checked      time.Time `json:"checked"` // when it was last known to be what the publisher has
}

// loadState reads the state of a folder, a new one if there is none. One that
// cannot be read is as good as none, since everything can be downloaded again;
// but then no file has a date that a rolled-back one could be told by, so that
// is an error that a person looks at.
func loadState(folder string) (*state, error) {
	s := &state{name: filepath.Join(folder, stateFile)}
	text, err := os.ReadFile(s.name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if err := s.parse(text); err != nil {
			return nil, fmt.Errorf("reading %s: %w: remove it, and all is downloaded again", s.name, err)
		}
	}
	if s.Files == nil {
		s.Files = make(map[string]entry)
	}
	s.Version = 1
	return s, nil
}

func (s *state) parse(text []byte) error {
	if err := json.Unmarshal(text, s); err != nil {
		return err
	}
	if s.Version != 1 {
		return fmt.Errorf("it is of version %d, and this layergate knows version 1", s.Version)
	}
	return nil
}

func (s *state) put(path string, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Files[path] = e
	s.dirty = true
}

func (s *state) get(path string) (entry, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.Files[path]
	return e, ok
}

func (s *state) remove(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.Files, path)
	s.dirty = true
}

func (s *state) all() map[string]entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.Files)
}

// of lists the files of a source.
func (s *state) of(source string) map[string]entry {
	files := s.all()
	maps.DeleteFunc(files, func(_ string, e entry) bool { return e.Source != source })
	return files
}

// since is when all files of a source, or of parts of it, were last known to
// be current; zero if there are none.
func (s *state) since(source string, parts []string) time.Time {
	var oldest time.Time
	at := sourceNamed(source)
	for p, e := range s.of(source) {
		if len(parts) > 0 && !slices.Contains(parts, at.partOf(p)) {
			continue
		}
		if oldest.IsZero() || e.Checked.Before(oldest) {
			oldest = e.Checked
		}
	}
	return oldest
}

// save writes the state if it changed.
func (s *state) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty {
		return nil
	}
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Join(filepath.Dir(s.name), partialFolder), "state")
	if err != nil {
		return fmt.Errorf("writing %s: %w", s.name, err)
	}
	_, err = f.Write(append(text, '\n'))
	err = oneOf(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", s.name, oneOf(err, os.Remove(f.Name())))
	}
	s.dirty = false
	return nil
}
