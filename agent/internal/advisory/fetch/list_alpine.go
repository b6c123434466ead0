package fetch

import (
	"context"
	"fmt"
	"regexp"
	"slices"
)

// alpineBase shows a page with a link for every release. Of the repositories
// that a release has, main is in all of them and community in all but the
// oldest.
const alpineBase = "https://secdb.alpinelinux.org/"

var (
	alpineLink    = regexp.MustCompile(`href="(?:\./|/)?(v\d+\.\d+|edge)/?"`)
	alpineRelease = regexp.MustCompile(`^(?:v\d+\.\d+|edge)$`)
)

func listAlpine(ctx context.Context, s *session, parts []string) ([]file, error) {
	for _, part := range parts {
		if !alpineRelease.MatchString(part) {
			return nil, fmt.Errorf("no release of Alpine is called %q (they are called v3.20 or edge)", part)
		}
	}
	if len(parts) == 0 {
		page, err := s.text(ctx, alpineBase)
		if err != nil {
			return nil, err
		}
		for _, m := range alpineLink.FindAllStringSubmatch(page, -1) {
			if !slices.Contains(parts, m[1]) {
				parts = append(parts, m[1])
			}
		}
	}
	if len(parts) == 0 {
		return nil, errNothing
	}
	var files []file
	for _, release := range parts {
		for _, repository := range []string{"main", "community"} {
			name := release + "/" + repository + ".json"
			files = append(files, file{path: "alpine-secdb/" + name, url: alpineBase + name, optional: repository != "main"})
		}
	}
	return files, nil
}
