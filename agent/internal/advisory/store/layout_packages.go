package store

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// writePackages writes the packages in the order of their keys.
func (c *collection) writePackages(out *blockWriter, dir *directory) error {
	keys := make([]string, 0, len(c.packages))
	for key := range c.packages {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	var e encoder
	n, first, previous := 0, "", ""
	flush := func() error {
		if n == 0 {
			return nil
		}
		count := encoder{}
		count.int(n)
		b, err := out.block(append(count.b, e.b...))
		b.first = first
		dir.packages = append(dir.packages, b)
		e.b, n, previous = e.b[:0], 0, ""
		return err
	}
	for _, key := range keys {
		rows := sortedRows(c.packages[key])
		dir.info.Counts.Statements += len(rows)
		body := encodePackage(rows, c.statements)
		if err := c.readable(body); err != nil {
			return fmt.Errorf("what is said about %q: %w", strings.ReplaceAll(key, "\x00", " "), err)
		}
		if n > 0 && len(e.b)+len(body) > packageBlock {
			if err := flush(); err != nil {
				return err
			}
		}
		if n == 0 {
			first = key
		}
		e.follow(previous, key)
		e.text(string(body))
		previous = key
		n++
	}
	dir.info.Counts.Packages = len(keys)
	return flush()
}

// readable checks that a package's part is within the limits of a reader.
func (c *collection) readable(body []byte) error {
	all := func(int) bool { return true }
	if _, _, err := decodePackage(body, c.ratings.list, all); err != nil || len(body) > maxBlock/2 {
		return errors.New("more than any real package has; it does not fit the index")
	}
	return nil
}

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
