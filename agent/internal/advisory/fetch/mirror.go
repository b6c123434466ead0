package fetch

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
)

// fromMirror finds what a mirror has of the sources that were chosen: what its
// downloads.json lists. Without a choice it is all of it.
func (s *session) fromMirror(ctx context.Context, chosen []want) ([]want, error) {
	address := s.mirror.JoinPath(stateFile).String()
	text, err := s.text(ctx, address)
	if err != nil {
		if isNotFound(err) {
			return nil, fmt.Errorf("%s: %w: a mirror is a folder that layergate db update has filled, with its %s", address, statusError{code: http.StatusNotFound}, stateFile)
		}
		return nil, err
	}
	var listed state
	if err := listed.parse([]byte(text)); err != nil {
		return nil, fmt.Errorf("reading %s: %w", address, err)
	}
	var wanted []want
	for _, w := range chosen {
		files, err := s.mirrorFiles(w, listed.Files)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", address, err)
		}
		if len(files) == 0 && len(s.Sources) == 0 {
			continue
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("the mirror %s has nothing of %s (it has %s)", s.mirror, w.name(), strings.Join(sourcesOf(listed.Files), ", "))
		}
		w.list = func(context.Context, *session) ([]file, error) { return files, nil }
		wanted = append(wanted, w)
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("the mirror %s has no advisories", s.mirror)
	}
	return wanted, nil
}

// mirrorFiles lists a source's files.
func (s *session) mirrorFiles(w want, all map[string]entry) ([]file, error) {
	var files []file
	for p, e := range all {
		if e.Source != w.source.Name {
			continue
		}
		if !w.source.holds(p) || !hexSum.MatchString(e.SHA256) {
			return nil, fmt.Errorf("it lists %q as a file of %s, which has no such files", clip(p), w.source.Name)
		}
		if len(w.parts) > 0 && !slices.Contains(w.parts, w.source.partOf(p)) {
			continue
		}
		u := *s.mirror
		u.Path = strings.TrimSuffix(u.Path, "/") + "/" + p
		u.RawPath = ""
		files = append(files, file{path: p, url: u.String(), sum: strings.ToLower(e.SHA256), mirrored: &e})
	}
	sort.Slice(files, func(i, j int) bool { return files[i].path < files[j].path })
	return files, nil
}

func sourcesOf(files map[string]entry) []string {
	var names []string
	for _, e := range files {
		if !slices.Contains(names, e.Source) {
			names = append(names, e.Source)
		}
	}
	slices.Sort(names)
	return names
}
