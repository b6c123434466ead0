package feed

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// redhatDeletions reads when which documents were withdrawn since the archive
// of that date, if the file is there. A line is "2024/cve-2024-0001.json" and
// a time; a document may have come back later.
func redhatDeletions(fsys fs.FS, name string, since time.Time) (map[string]time.Time, error) {
	f, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := csv.NewReader(&limited{r: f, left: maxDocument})
	lines.FieldsPerRecord = 2
	lines.ReuseRecord = true
	deleted := make(map[string]time.Time)
	for {
		line, err := lines.Read()
		if err == io.EOF {
			return deleted, nil
		}
		if err != nil {
			return nil, broken(name, err)
		}
		at, err := time.Parse(time.RFC3339, line[1])
		if err != nil {
			return nil, broken(name, fmt.Errorf("%.40q is not a time", line[1]))
		}
		if !at.Before(since) && at.After(deleted[line[0]]) {
			deleted[line[0]] = at
		}
	}
}
