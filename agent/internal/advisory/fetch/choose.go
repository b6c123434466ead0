package fetch

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// want is a source that is to be fetched, or some of its parts.
type want struct {
	source *Source
	parts  []string // empty: those that are on by default
	list   func(context.Context, *session) ([]file, error)
}

func (w want) name() string {
	if len(w.parts) == 1 {
		return w.source.Name + "/" + w.parts[0]
	}
	return w.source.Name
}

// wanted resolves Options.Sources.
func (s *session) wanted(ctx context.Context) ([]want, error) {
	chosen, err := choose(s.Sources)
	if err != nil {
		return nil, err
	}
	if s.mirror != nil {
		return s.fromMirror(ctx, chosen)
	}
	for i, w := range chosen {
		chosen[i].list = func(ctx context.Context, s *session) ([]file, error) { return w.source.list(ctx, s, w.parts) }
	}
	return chosen, nil
}

// choose finds the sources of the names, in the order of the table; the parts
// of one come together. Without names it is all of them.
func choose(names []string) ([]want, error) {
	whole := map[string]bool{}
	parts := map[string][]string{}
	for _, name := range names {
		source, part, hasPart := strings.Cut(name, "/")
		at := sourceNamed(source)
		switch {
		case at == nil:
			return nil, fmt.Errorf("there is no source %q (there are %s)", name, strings.Join(sourceNames(), ", "))
		case hasPart && (part == "" || !at.Parts):
			return nil, fmt.Errorf("the source %s has no part %q", source, part)
		case hasPart:
			parts[source] = append(parts[source], part)
		default:
			whole[source] = true
		}
	}
	var chosen []want
	for i := range Sources {
		at := &Sources[i]
		switch {
		case len(names) == 0, whole[at.Name] && parts[at.Name] == nil:
			chosen = append(chosen, want{source: at})
		case whole[at.Name]:
			return nil, fmt.Errorf("--source names both %s and a part of it (%s): name one of them", at.Name, strings.Join(parts[at.Name], ", "))
		case parts[at.Name] != nil:
			chosen = append(chosen, want{source: at, parts: parts[at.Name]})
		}
	}
	return chosen, nil
}

// errNothing is what a list of files is that has none.
var errNothing = errors.New("the publisher lists nothing that can be used: the form of its list may have changed; see whether there is a newer layergate")
