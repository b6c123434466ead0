package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// writePackages writes the packages in the order of their keys.
func (l *layout) writePackages() error {
	w := packageWriter{layout: l}
	var g *gathered
	err := l.rows.each(l.ctx, func(key, value []byte) error {
		if g == nil || g.key != string(key) {
			if err := w.take(g); err != nil {
				return err
			}
			g = newGathered(string(key))
		}
		return about(g.key, g.add(value, l))
	})
	if err != nil {
		return err
	}
	if err := w.take(g); err != nil {
		return err
	}
	return w.flush()
}

// about says which package an error is about.
func about(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("what is said about %q: %w", strings.ReplaceAll(key, "\x00", " "), err)
}

// packageWriter fills package blocks.
type packageWriter struct {
	*layout
	b               encoder // the block's packages
	n               int     // how many
	first, previous string  // keys of the block
}

// take writes one package, if it is one.
func (w *packageWriter) take(g *gathered) error {
	if g == nil {
		return nil
	}
	g.rows = sortedRows(g.rows)
	w.count(g)
	fixed, err := w.fixDays(g)
	if err != nil {
		return err
	}
	body := encodePackage(g.rows, g.statements, fixed)
	if err := w.readable(body); err != nil {
		return about(g.key, err)
	}
	if w.n > 0 && len(w.b.b)+len(body) > packageBlock {
		if err := w.flush(); err != nil {
			return err
		}
	}
	if w.n == 0 {
		w.first = g.key
	}
	w.b.follow(w.previous, g.key)
	w.b.text(string(body))
	w.previous = g.key
	w.n++
	return nil
}

// count adds a package to the counts of index and sources.
func (w *packageWriter) count(g *gathered) {
	w.dir.info.Counts.Packages++
	w.dir.info.Counts.Statements += len(g.rows)
	for s := range g.sources {
		w.packages[s.source]++
	}
}

func (w *packageWriter) flush() error {
	if w.n == 0 {
		return nil
	}
	var count encoder
	count.int(w.n)
	b, err := w.out.block(append(count.b, w.b.b...))
	b.first = w.first
	w.dir.packages = append(w.dir.packages, b)
	w.b.b, w.n, w.previous = w.b.b[:0], 0, ""
	return err
}

// readable checks that a package's part is within the limits of a reader.
func (w *packageWriter) readable(body []byte) error {
	all := func(int) bool { return true }
	if _, _, err := decodePackage(body, w.layout.ratings, all); err != nil || len(body) > maxBlock/2 {
		return errTooMuch
	}
	return nil
}

var errTooMuch = errors.New("more than any that is published has; it does not fit the index")

func sortedRows(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int {
		for _, d := range [...]int64{
			int64(a.record) - int64(b.record), int64(a.release) - int64(b.release), int64(a.statement) - int64(b.statement),
		} {
			if d != 0 {
				return int(min(max(d, -1), 1))
			}
		}
		return 0
	})
	return slices.Compact(rows)
}
