package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory/feed"
)

// Options steer Compile.
type Options struct {
	// Time is when the index is said to be built. Dates in the sources after
	// it are not believed, so that a wrong one cannot make an index look
	// newer than it is. Zero: the newest date of the sources.
	Time time.Time

	// Sources, if any, are the only ones to be taken: each a path in the
	// folder ("osv/Go", "kev.json"), a source's name ("Go") or a feed's
	// ("osv"). One that fits nothing is an error.
	Sources []string

	// Previous, if not nil, is the index that this one takes the place of. A
	// fix for which no feed gives a day has the day that it has there. One that
	// is not there is first seen at Time, if the previous index heard everyone
	// who speaks of it, about the same releases: what a new source or a new
	// release brings may be old. (So an index that is long out of date is no
	// good previous one: years of fixes would be first seen today.)
	Previous *Index

	// TempDir is where what does not fit in memory goes, in files that have no
	// name; "" is the system's folder. It takes about a tenth of what the
	// sources come to when they are unpacked.
	TempDir string

	// Progress, if not nil, is told of each file before it is read.
	Progress func(path string)

	memory int // bytes that the sorters may use; 0: defaultMemory. Tests make it small
}

// Compile reads the advisories in a folder and writes them to w as an index.
// It fails rather than leave out a file that cannot be read; single records
// that cannot be used are in the report.
func Compile(ctx context.Context, w io.Writer, folder fs.FS, o Options) (*Report, error) {
	units, err := feed.Find(folder)
	if err != nil {
		return nil, err
	}
	if units, err = selected(units, o.Sources); err != nil {
		return nil, err
	}
	if len(units) == 0 {
		return nil, errors.New("no advisories found (expected, for example, osv/<Ecosystem>/all.zip, alpine-secdb/v3.20/main.json, debian-tracker.json, kev.json, epss.csv.gz)")
	}
	c := newCollection(o)
	defer c.close()
	report, err := c.read(ctx, folder, units, o)
	if err != nil {
		return nil, err
	}
	if len(c.sourceOf) == 0 {
		return nil, errors.New("the sources hold no advisory that can be used")
	}
	report.Info, err = c.write(ctx, w, report, o)
	return report, err
}

// selected keeps the units that one of the names fits.
func selected(units []feed.Unit, names []string) ([]feed.Unit, error) {
	if len(names) == 0 {
		return units, nil
	}
	used := make([]bool, len(names))
	var kept []feed.Unit
	for _, u := range units {
		for i, name := range names {
			if name == u.Feed.Name || name == u.Source || name == u.Path || strings.HasPrefix(u.Path, strings.TrimSuffix(name, "/")+"/") {
				used[i] = true
				kept = append(kept, u)
				break
			}
		}
	}
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("no source %q among the advisories found", names[i])
	}
	return kept, nil
}

// read takes in all units.
func (c *collection) read(ctx context.Context, folder fs.FS, units []feed.Unit, o Options) (*Report, error) {
	var report Report
	for _, u := range units {
		i := report.index(u.Source)
		if c.covers[u.Source] == nil {
			c.covers[u.Source] = make(map[ecosystem]bool)
		}
		if o.Progress != nil {
			o.Progress(u.Path)
		}
		in := intake{collection: c, unit: u, source: i, report: &report.Sources[i], latest: o.Time}
		if err := u.Feed.Read(ctx, folder, u, &in); err != nil {
			return nil, err
		}
	}
	c.numberOf = nil // all are numbered
	return &report, ctx.Err()
}
