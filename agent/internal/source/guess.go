package source

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/image"
)

// elsewhere is a failure that says "not here" rather than "broken": a guess
// goes on with the next place. A truncated archive or a wrong digest must
// never end in some other image being scanned.
type elsewhere struct {
	error
	// doubt: it could not be found out whether the image is here. If it is
	// then found further on, that is worth a note.
	doubt bool
}

func (e elsewhere) Unwrap() error { return e.error }

func notHere(format string, args ...any) error {
	return elsewhere{error: fmt.Errorf(format, args...)}
}

func unusable(format string, args ...any) error {
	return elsewhere{error: fmt.Errorf(format, args...), doubt: true}
}

// guess opens ref at the first place that has it.
func guess(ctx context.Context, ref string, o Options, want platform) (*image.Image, error) {
	places := []struct {
		name string
		open func() (*image.Image, error)
	}{
		{"path", func() (*image.Image, error) { return openPath(ctx, ref, "", o, want) }},
		{Docker, func() (*image.Image, error) { return openDocker(ctx, ref, o, want) }},
		{Podman, func() (*image.Image, error) { return openPodman(ctx, ref, o, want) }},
		{Registry, func() (*image.Image, error) { return openRegistry(ctx, ref, o, want) }},
	}
	if looksLikePath(ref) {
		places = places[:1]
	}
	var tried, notes []string
	for _, p := range places {
		img, err := p.open()
		if err == nil {
			img.Notes = append(notes, img.Notes...)
			return img, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var not elsewhere
		if !errors.As(err, &not) || len(places) == 1 {
			return nil, err
		}
		tried = append(tried, p.name+": "+err.Error())
		if not.doubt {
			notes = append(notes, fmt.Sprintf("%s was not asked for the image: %v", p.name, err))
		}
	}
	return nil, fmt.Errorf("found nowhere (%s); check the name, or say where it is with a prefix such as %s:NAME or %s:NAME",
		strings.Join(tried, "; "), DockerArchive, Registry)
}

// looksLikePath says whether ref can only have been meant as a path, though
// some of these could be a repository's name too.
func looksLikePath(ref string) bool {
	for _, prefix := range []string{"/", "./", "../", "~"} {
		if strings.HasPrefix(ref, prefix) {
			return true
		}
	}
	for _, suffix := range []string{".tar", ".tar.gz", ".tgz", ".tar.zst", ".oci"} {
		if strings.HasSuffix(ref, suffix) {
			return true
		}
	}
	return ref == "." || ref == ".."
}
