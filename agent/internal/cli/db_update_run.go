package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sirupsen/logrus"

	"github.com/layergate/layergate/agent/internal/advisory/feed"
	"github.com/layergate/layergate/agent/internal/advisory/fetch"
	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/report"
)

// updateIndex runs db update. Whatever fails, the index that is there stays,
// and the error says which that is.
func (a *app) updateIndex(ctx context.Context, f updateFlags) error {
	index, cache, err := a.places(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(index), 0o755); err != nil {
		return fmt.Errorf("making a place for the index: %w", err)
	}
	if f.from != "" {
		err = a.compileFrom(ctx, f, index)
	} else {
		err = a.fetchAndCompile(ctx, f, index, cache)
	}
	var rebuilt rebuiltError
	if err == nil || errors.As(err, &rebuilt) {
		return err
	}
	if ctx.Err() != nil {
		err = errors.New("the update was interrupted")
	}
	return fmt.Errorf("%w\n%s", err, a.stays(index))
}

// rebuiltError is an update that failed in part, after which there is a new
// index nevertheless.
type rebuiltError struct{ error }

// stays says which index is in use after a failure.
func (a *app) stays(index string) string {
	old, err := store.Open(index)
	if errors.Is(err, fs.ErrNotExist) {
		return "there is no index at " + index + " yet: scans use the one in the programme"
	}
	if err != nil {
		return err.Error()
	}
	defer old.Close()
	newest := old.Info().Newest
	return fmt.Sprintf("the index of %s, %s, stays in use (%s)", day(newest), ageWords(ageDays(newest, a.now())), index)
}

// compileFrom compiles a folder or a zip that was brought here.
func (a *app) compileFrom(ctx context.Context, f updateFlags, index string) error {
	advisories, err := feed.Open(f.from, "")
	if err != nil {
		return fmt.Errorf("opening the advisories %s: %w", f.from, err)
	}
	_, err = a.compile(ctx, advisories.FS, index, f.allowOlder)
	return oneLine(err, advisories.Close())
}

// fetchAndCompile brings the folder up to date, then the index.
func (a *app) fetchAndCompile(ctx context.Context, f updateFlags, index, cache string) error {
	folder, err := fetch.Open(ctx, cache, func() {
		a.say(logrus.WarnLevel, "another update is at work in "+cache+": waiting for it")
	})
	if err != nil {
		return err
	}
	defer folder.Close()
	p := a.newProgress()
	outcomes, err := folder.Update(ctx, fetch.Options{
		Sources: f.sources, Mirror: f.mirror, MirrorToken: a.env("LAYERGATE_MIRROR_TOKEN"),
		AllowOlder: f.allowOlder, CACert: f.caCert, Env: a.env, UserAgent: "layergate/" + version(),
		Progress: p.download(a.now), Now: a.now,
		Log: func(m string) { a.log.Info(m) }, Warn: func(m string) { a.log.Warn(m) },
	})
	p.clear()
	if err != nil {
		return err
	}
	failed, err := a.printOutcomes(outcomes, f.keepGoing)
	if err != nil {
		return err
	}
	if failed != nil && !f.keepGoing {
		return failed
	}
	if err := a.compileIfNew(ctx, folder, cache, index, f.allowOlder); err != nil {
		return oneLine(failed, err)
	}
	if failed != nil {
		return rebuiltError{failed}
	}
	return nil
}

// printOutcomes says what became of each source. The error it returns first is
// about those that failed.
func (a *app) printOutcomes(outcomes []fetch.Outcome, keepGoing bool) (failed, err error) {
	for _, o := range outcomes {
		line := fmt.Sprintf("%s: %d of %d files changed", o.Source, o.Changed, o.Files)
		switch {
		case o.Err != nil:
			failed = errors.Join(failed, o.Err)
			line = o.Source + ": failed"
			if keepGoing && o.Since.IsZero() {
				line += "; there is nothing of it to use instead"
			} else if keepGoing {
				line += "; what is there of it is used, of " + day(o.Since)
			}
		case o.Changed == 0 && o.Removed == 0:
			line = o.Source + ": nothing has changed"
		case o.Removed > 0:
			line += fmt.Sprintf(", %d removed", o.Removed)
		}
		if _, err := fmt.Fprintln(a.stdout, report.EscapeTerminal(line)); err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// compileIfNew compiles the folder unless the index is of just this folder and
// this programme.
func (a *app) compileIfNew(ctx context.Context, folder *fetch.Folder, cache, index string, allowOlder bool) error {
	from, err := folder.Fingerprint()
	if err != nil {
		return fmt.Errorf("reading the folder %s: %w", cache, err)
	}
	from += " " + version()
	if old, err := store.Open(index); err == nil {
		digest := old.Info().Digest
		old.Close()
		if folder.Compiled() == (fetch.Compiled{From: from, Index: digest}) {
			_, err := fmt.Fprintf(a.stdout, "nothing has changed: the index %s stays as it is\n", report.EscapeTerminal(index))
			return err
		}
	}
	digest, err := a.compile(ctx, os.DirFS(cache), index, allowOlder)
	if err != nil && ctx.Err() == nil {
		damaged, e := folder.Damaged()
		if e == nil && len(damaged) > 0 {
			e = fmt.Errorf("damaged on this disk since they were downloaded: %s: run db update again, which downloads them anew", strings.Join(damaged, ", "))
		}
		return oneLine(err, e)
	}
	if err != nil {
		return err
	}
	return folder.SetCompiled(fetch.Compiled{From: from, Index: digest})
}

// compile makes an index of advisories beside the one that is there, and puts
// it in its place if it is not older. The days on which fixes were first seen
// are carried over. It returns the digest of the new one.
func (a *app) compile(ctx context.Context, advisories fs.FS, index string, allowOlder bool) (digest string, err error) {
	created, err := a.created()
	if err != nil {
		return "", err
	}
	previous, err := store.Open(index)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		a.say(logrus.WarnLevel, err.Error()+": it is replaced, and the days on which fixes were first seen are lost")
	}
	if previous != nil {
		defer previous.Close()
	}
	aside, err := os.MkdirTemp(filepath.Dir(index), ".layergate-update-*")
	if err != nil {
		return "", fmt.Errorf("building the advisory index: %w", err)
	}
	defer os.RemoveAll(aside)
	next := filepath.Join(aside, filepath.Base(index))
	p := a.newProgress()
	built, err := store.Build(ctx, advisories, next, store.Options{
		Time: created, Previous: previous, Progress: a.compiling(p),
	})
	p.clear()
	if err != nil {
		return "", err
	}
	if previous != nil {
		if err := a.compareSources(previous.Info(), built.Info, allowOlder); err != nil {
			return "", err
		}
	}
	if err := os.Rename(next, index); err != nil {
		return "", fmt.Errorf("replacing the index: %w", err)
	}
	if err := a.printIndex(index, built.Info); err != nil {
		return "", err
	}
	return built.Info.Digest, a.printSkipped(built)
}

// compareSources refuses sources whose newest advisory is of an earlier day
// than before, and says which are not in the index any more.
func (a *app) compareSources(before, after store.Info, allowOlder bool) error {
	now := make(map[string]store.SourceInfo)
	for _, s := range after.Sources {
		now[s.Name] = s
	}
	for _, s := range before.Sources {
		next, ok := now[s.Name]
		switch {
		case !ok:
			a.say(logrus.WarnLevel, "the index had advisories of "+s.Name+", and has none any more: there is nothing of it in the folder")
		case !allowOlder && !next.Date.IsZero() && day(next.Date) < day(s.Date):
			return fmt.Errorf("the advisories of %s are of %s, older than those of the index that is there, of %s: use --allow-older if that is right",
				s.Name, day(next.Date), day(s.Date))
		}
	}
	return nil
}
