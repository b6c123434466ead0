// Package fetch downloads what publishers of advisories publish into a folder,
// in the layout that package feed reads, and keeps that folder up to date.
//
// The folder is also what a mirror serves: a static web server on top of it is
// enough. downloads.json in it lists the files with their SHA-256 sums; a
// download from a mirror starts with that list and fetches what differs.
//
// The rules that every download keeps: a file is replaced whole or not at all,
// and only by one that was received to its end, has the sum that its publisher
// gives (where one is given), is of the right format and is not older than the
// one that is there. What was received of an interrupted download is kept in
// .partial and continued if the server still has the same. Every request that
// can be conditional is (RFC 9110, sections 13 and 14), so that what has not
// changed costs one short answer.
//
// A source is a publisher's offer; the table of them is in sources.go. One
// that fails does not keep the others from being fetched, and is never
// forgotten: its Outcome says what went wrong.
package fetch

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/layergate/layergate/agent/internal/network"
)

// Options steer Update. The zero value fetches all sources from their publishers.
type Options struct {
	// Sources are the names of those to fetch, "alpine", or parts of them,
	// "osv/npm". Empty: all, or all that the mirror has.
	Sources []string

	// Mirror is the base address of a folder of advisories that is served;
	// empty: the publishers. MirrorToken, if any, is sent to its host alone.
	Mirror      string
	MirrorToken string

	AllowOlder bool                // take files that are older than those that are there
	CACert     string              // a PEM file of authorities to trust besides the system's
	Env        func(string) string // looks up HTTPS_PROXY, HTTP_PROXY and NO_PROXY; nil: no proxy
	UserAgent  string              // what the servers are told

	// Progress, if not nil, is told of what is received; Log in words what is
	// done and tried again; Warn what is not as it should be and no failure.
	// All are called from several goroutines.
	Progress func(Progress)
	Log      func(message string)
	Warn     func(message string)

	Stall    time.Duration                              // an attempt ends if no byte came for so long; 0: a minute
	Attempts int                                        // for each file; 0: 5
	Wait     func(context.Context, time.Duration) error // between attempts; nil: by the clock
	Now      func() time.Time                           // nil: time.Now
}

// Progress is how far the download of one file is.
type Progress struct {
	Source string
	Bytes  int64 // received of the file
	Total  int64 // of the file; 0 if the server does not say
	All    int64 // received of all files together
}

// Outcome is what became of one source.
type Outcome struct {
	Source  string
	Files   int       // that the source has
	Changed int       // of them, new ones included
	Removed int       // that it had before
	Err     error     // why it failed; what is there of it was left as it is
	Since   time.Time // when the oldest of the files that are there of it was last known to be current; zero if there are none
}

// parallel is how many requests are under way at once, over all sources.
const parallel = 4

// Update fetches what has changed. Its error is about the whole: a wrong
// option, a cancelled context, a mirror that cannot be read; a source that
// fails has its error in its Outcome. Outcomes come in the order of Sources.
func (f *Folder) Update(ctx context.Context, o Options) ([]Outcome, error) {
	s, err := newSession(f, o)
	if err != nil {
		return nil, err
	}
	defer s.client.close()
	wanted, err := s.wanted(ctx)
	if err != nil {
		return nil, err
	}
	outcomes := make([]Outcome, len(wanted))
	var wg sync.WaitGroup
	for i, w := range wanted {
		wg.Go(func() { outcomes[i] = s.fetch(ctx, w) })
	}
	wg.Wait()
	if err := f.state.save(); err != nil {
		return outcomes, err
	}
	if ctx.Err() != nil {
		return outcomes, context.Cause(ctx)
	}
	return outcomes, nil
}

// session is one update.
type session struct {
	Options
	folder *Folder
	client *client
	mirror *url.URL // nil: the publishers

	mu  sync.Mutex
	all int64 // bytes received
}

func newSession(f *Folder, o Options) (*session, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = func(string) {}
	}
	if o.Warn == nil {
		o.Warn = o.Log
	}
	s := &session{Options: o, folder: f}
	var err error
	if o.Mirror != "" {
		if s.mirror, err = mirrorAddress(o.Mirror, o.MirrorToken != ""); err != nil {
			return nil, err
		}
		if s.mirror.Scheme == "http" && !network.IsLoopback(s.mirror.Hostname()) {
			s.Warn("the mirror " + s.mirror.String() + " is asked over plain http: whoever is in between can change advisories; use https")
		}
	}
	s.client, err = newClient(o, s.mirror)
	return s, err
}

// fetch brings one source up to date.
func (s *session) fetch(ctx context.Context, w want) Outcome {
	out := Outcome{Source: w.name()}
	files, err := w.list(ctx, s)
	if err == nil && w.source.exclusive {
		err = s.archiveNotOlder(files)
	}
	if err == nil {
		out.Files = len(files)
		out.Changed, err = s.downloadAll(ctx, w, files)
	}
	if err == nil && w.source.exclusive {
		out.Removed, err = s.folder.removeOthers(w.source, files)
	}
	if err != nil {
		out.Err = fmt.Errorf("fetching %s: %w", w.name(), err)
	}
	// What is done is done, even if others fail or the process ends.
	if err := s.folder.state.save(); err != nil && out.Err == nil {
		out.Err = err
	}
	out.Since = s.folder.state.since(w.source.Name, w.parts)
	return out
}

// downloadAll downloads a source's files. The first failure ends it.
func (s *session) downloadAll(ctx context.Context, w want, files []file) (changed int, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	var mu sync.Mutex
	seen := make(map[string]bool)
	for _, f := range files {
		if seen[f.path] { // two at once would write to one place
			continue
		}
		seen[f.path] = true
		f.source, f.limit = w.source.Name, w.source.limit
		g.Go(func() error {
			came, err := s.download(ctx, f)
			if came {
				mu.Lock()
				changed++
				mu.Unlock()
			}
			return err
		})
	}
	err = g.Wait()
	return changed, err
}
