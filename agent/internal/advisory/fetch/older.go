package fetch

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// skew is how far the servers behind one address may be apart.
const skew = time.Hour

// notOlder compares the times of last change of what is there and what comes.
func (t *transfer) notOlder(e entry) error {
	here, err1 := http.ParseTime(t.known.LastModified)
	there, err2 := http.ParseTime(e.LastModified)
	if t.AllowOlder || !t.have || err1 != nil || err2 != nil || here.Sub(there) < skew {
		return nil
	}
	return olderError{what: t.path, here: day(here), there: day(there)}
}

// olderError is an offer of less than we have: a stale mirror or cache, or
// someone who hides what was published since.
type olderError struct{ what, here, there string }

func (e olderError) Error() string {
	return fmt.Sprintf("%s is of %s, older than the one that is there, of %s: use --allow-older if that is right", e.what, e.there, e.here)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly + " 15:04") }

// archiveNotOlder compares the day of the archive that is listed with that of
// the one that is there.
func (s *session) archiveNotOlder(listed []file) error {
	if s.AllowOlder {
		return nil
	}
	for _, f := range listed {
		there := redhatArchive.FindStringSubmatch(strings.TrimPrefix(f.path, "redhat-vex/"))
		for p := range s.folder.state.of("redhat") {
			here := redhatArchive.FindStringSubmatch(strings.TrimPrefix(p, "redhat-vex/"))
			if here != nil && there != nil && here[1] > there[1] {
				return olderError{what: "the archive", here: here[1], there: there[1]}
			}
		}
	}
	return nil
}
