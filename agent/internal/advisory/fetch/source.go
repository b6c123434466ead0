package fetch

import (
	"context"
	"path"
	"slices"
	"strings"
)

// Source is one publisher's offer of advisories.
type Source struct {
	Name  string // as in `--source`
	What  string // for people
	URL   string // where it is published; <…> is what a list there gives
	Path  string // the files in the folder; <…> as in URL
	MB    int    // what the first download comes to, roughly, in 10^6 bytes; later ones are mostly smaller
	Parts bool   // parts can be named: "osv/npm"

	// limit is how many bytes one file may have: some ten times of what is
	// published, so that only something broken or hostile meets it.
	limit int64

	also []string // further files, as in Path

	// exclusive is set where a list names all files that count: those of
	// earlier lists are removed.
	exclusive bool

	// list finds out which files there are. Parts that are not named are
	// those that are on by default.
	list func(ctx context.Context, s *session, parts []string) ([]file, error)
}

// file is one file of a source.
type file struct {
	source   string
	path     string // in the folder, with slashes
	url      string
	limit    int64
	sum      string // SHA-256 in hex, if the publisher gives it
	revision string // if not empty, names the contents: the same revision is not asked for again
	optional bool   // the publisher need not have it
	missing  string // what to say if it has not; empty: nothing
	mirrored *entry // what a mirror says of it; nil: it comes from its publisher
}

// single is the list of a source that is one file.
func single(path, url string) func(context.Context, *session, []string) ([]file, error) {
	return func(context.Context, *session, []string) ([]file, error) {
		return []file{{path: path, url: url}}, nil
	}
}

func sourceNamed(name string) *Source {
	for i := range Sources {
		if Sources[i].Name == name {
			return &Sources[i]
		}
	}
	return nil
}

func sourceNames() []string {
	var names []string
	for _, s := range Sources {
		names = append(names, s.Name)
	}
	return names
}

// holds says whether a path in the folder is one that the source writes to:
// what a mirror lists must not end up anywhere else.
func (s *Source) holds(p string) bool {
	return safe(p) && slices.ContainsFunc(append([]string{s.Path}, s.also...), func(pattern string) bool { return fits(pattern, p) })
}

// fits says whether a path has the segments of a pattern, of which <…> is
// anything but nothing.
func fits(pattern, p string) bool {
	want, segments := strings.Split(pattern, "/"), strings.Split(p, "/")
	if len(want) != len(segments) {
		return false
	}
	for i, segment := range segments {
		before, rest, open := strings.Cut(want[i], "<")
		if !open && segment != want[i] {
			return false
		}
		_, after, _ := strings.Cut(rest, ">")
		if open && (len(segment) <= len(before)+len(after) || !strings.HasPrefix(segment, before) || !strings.HasSuffix(segment, after)) {
			return false
		}
	}
	return true
}

// partOf is the part that a path belongs to: "npm" of osv/npm/all.zip.
func (s *Source) partOf(p string) string {
	if !s.Parts {
		return ""
	}
	return strings.Split(p, "/")[1]
}

// safe says whether a path that someone else gave stays in the folder and out
// of what is hidden in it, on any system.
func safe(p string) bool {
	if p == "" || len(p) > 256 || path.Clean(p) != p || strings.ContainsAny(p, "\\:*?\"<>|") {
		return false
	}
	for segment := range strings.SplitSeq(p, "/") {
		if segment == "" || segment[0] == '.' {
			return false
		}
		for _, r := range segment {
			if r < ' ' || r == 0x7f {
				return false
			}
		}
	}
	return true
}
