package feed

import (
	"errors"
	"io/fs"
	"net/http"
	"time"
)

// downloadsFile is the list that `db update` keeps of what it fetched
// (package fetch). It knows when a file was published where the file itself
// does not say so, as Alpine's and Debian's do not.
const downloadsFile = "downloads.json"

// datePublished sets the Date of units that have none, where the folder's
// list of downloads has one.
func datePublished(fsys fs.FS, units []Unit) error {
	var list struct {
		Files map[string]struct {
			LastModified string `json:"lastModified"` // an HTTP date
		} `json:"files"`
	}
	err := readJSON(fsys, downloadsFile, &list)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for i := range units {
		u := &units[i]
		if at, err := http.ParseTime(list.Files[u.Path].LastModified); err == nil && u.Date.IsZero() {
			u.Date = at.UTC().Truncate(24 * time.Hour)
		}
	}
	return nil
}
