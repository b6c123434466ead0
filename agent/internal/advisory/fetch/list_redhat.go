package fetch

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// redhatBase has a document for each CVE, an archive of all of them that is
// made anew now and then, and three lists beside it: archive_latest.txt names
// the archive; changes.csv has the documents with the time of their last
// change, newest first; deletions.csv those that were withdrawn. See
// https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/.
const redhatBase = "https://security.access.redhat.com/data/csaf/v2/vex/"

var (
	redhatArchive  = regexp.MustCompile(`^csaf_vex_(\d{4}-\d\d-\d\d)\.tar\.zst$`)
	redhatDocument = regexp.MustCompile(`^\d{4}/cve-\d{4}-\d+\.json$`)
	hexSum         = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// maxDocuments is how many documents may be newer than the archive. There are
// some 50,000 in all.
const maxDocuments = 200_000

func listRedHat(ctx context.Context, s *session, _ []string) ([]file, error) {
	text, err := s.text(ctx, redhatBase+"archive_latest.txt")
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(text)
	m := redhatArchive.FindStringSubmatch(name)
	if m == nil {
		return nil, fmt.Errorf("%sarchive_latest.txt does not name an archive but says %q", redhatBase, clip(name))
	}
	made, err := time.Parse(time.DateOnly, m[1])
	if err != nil {
		return nil, fmt.Errorf("the archive %s: %w", name, err)
	}
	// An archive is never changed, only followed by another.
	archive := file{path: "redhat-vex/" + name, url: redhatBase + name, revision: name}
	if archive.sum, err = s.redhatSum(ctx, archive.url); err != nil {
		return nil, err
	}
	documents, err := s.redhatDocuments(ctx, made)
	return append([]file{archive}, documents...), err
}

// redhatSum is the archive's sum, which stands in a file beside it, or "".
func (s *session) redhatSum(ctx context.Context, archive string) (string, error) {
	text, err := s.text(ctx, archive+".sha256")
	if isNotFound(err) {
		s.Log("there is no SHA-256 sum of " + archive)
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sum, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	if !hexSum.MatchString(sum) {
		return "", fmt.Errorf("%s.sha256 is no SHA-256 sum but %q", archive, clip(text))
	}
	return strings.ToLower(sum), nil
}

// redhatDocuments lists the documents that were changed on the day of the
// archive or later, and not deleted since; and the list of those deleted, by
// which the feed passes over what the archive still has of them.
func (s *session) redhatDocuments(ctx context.Context, since time.Time) ([]file, error) {
	changes, err := s.text(ctx, redhatBase+"changes.csv")
	if err != nil {
		return nil, err
	}
	var files []file
	deletions, err := s.text(ctx, redhatBase+"deletions.csv")
	switch {
	case err == nil:
		files = append(files, file{path: "redhat-vex/deletions.csv", url: redhatBase + "deletions.csv", optional: true})
	case !isNotFound(err):
		return nil, err
	}
	changed, err := csvTimes(changes, since)
	if err != nil {
		return nil, fmt.Errorf("reading %schanges.csv: %w", redhatBase, err)
	}
	deleted, err := csvTimes(deletions, since)
	if err != nil {
		return nil, fmt.Errorf("reading %sdeletions.csv: %w", redhatBase, err)
	}
	for name, at := range changed {
		if gone, ok := deleted[name]; ok && !gone.Before(at) {
			continue
		}
		files = append(files, file{
			path: "redhat-vex/" + name, url: redhatBase + name, revision: at.Format(time.RFC3339),
			optional: true, missing: "Red Hat lists this document as changed, and has it no more; what the archive has of it is used",
		})
	}
	return files, nil
}

// csvTimes reads lines of a document's name and a time, those since a day only.
func csvTimes(text string, since time.Time) (map[string]time.Time, error) {
	times := make(map[string]time.Time)
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = 2
	r.ReuseRecord = true
	for {
		line, err := r.Read()
		if err == io.EOF {
			return times, nil
		}
		if err != nil {
			return nil, err
		}
		at, err := time.Parse(time.RFC3339, line[1])
		if err != nil {
			return nil, fmt.Errorf("%q is no time", clip(line[1]))
		}
		if at.Before(since) || !redhatDocument.MatchString(line[0]) {
			continue
		}
		if at.After(times[line[0]]) {
			times[strings.Clone(line[0])] = at.UTC()
		}
		if len(times) > maxDocuments {
			return nil, errors.New("it lists more documents than there can be")
		}
	}
}

// clip shortens what a server sent, for an error.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
