// Package note keeps one note on a merge request up to date: it is created
// once, and then rewritten by every pipeline, so that a discussion is not
// buried under a scanner's notes.
//
// The note is known again by a hidden mark on its first line and by its author:
// what others write never counts as ours, whatever is in it.
package note

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Written is a note that was written.
type Written struct {
	ID      int64
	Created bool // it was not there before
}

// mark is the hidden first line of a note. key tells the notes of several
// images on one merge request apart; it is hashed, so that it may be any text.
func mark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "<!-- layergate " + hex.EncodeToString(sum[:8]) + " -->\n"
}

// Write writes the text (Markdown) of the note with a key: over the one that is
// there, or as a new one.
func (m MergeRequest) Write(ctx context.Context, key, text string) (Written, error) {
	c := m.client()
	me, err := c.self(ctx)
	if err != nil {
		return Written{}, fmt.Errorf("asking GitLab whose token it is: %w", err)
	}
	body := mark(key) + text
	for attempt := 1; ; attempt++ {
		there, err := c.find(ctx, me, mark(key))
		if err != nil {
			return Written{}, fmt.Errorf("reading the notes of merge request !%d: %w", m.IID, err)
		}
		if there != 0 {
			_, err := c.send(ctx, http.MethodPut, c.note(there), body)
			if err == nil {
				return Written{ID: there}, nil
			}
			// Someone deleted it since it was found: look again.
			if attempt == tries || !answered(err, http.StatusNotFound, http.StatusNotFound) {
				return Written{}, fmt.Errorf("updating the note on merge request !%d: %w", m.IID, err)
			}
			continue
		}
		made, err := c.send(ctx, http.MethodPost, c.notes(), body)
		if err == nil {
			return Written{ID: made, Created: true}, nil
		}
		// A server that fails may have made the note all the same: look again
		// rather than make a second one.
		if attempt == tries || !answered(err, http.StatusInternalServerError, 599) {
			return Written{}, fmt.Errorf("writing a note on merge request !%d: %w", m.IID, err)
		}
	}
}

// tries is how often a note is looked for and written.
const tries = 3

// answered says whether an error is an answer with a status of a range.
func answered(err error, from, to int) bool {
	var status statusError
	return errors.As(err, &status) && from <= status.code && status.code <= to
}

// answer is what a note looks like; Author is whose it is.
type answer struct {
	ID     int64  `json:"id"`
	Body   string `json:"body"`
	System bool   `json:"system"` // GitLab's own: "added 1 commit"
	Author struct {
		ID int64 `json:"id"`
	} `json:"author"`
}

// find looks for the note with a mark by an author; 0 where there is none.
func (c client) find(ctx context.Context, author int64, mark string) (int64, error) {
	for page := 1; page <= maxPages; page++ {
		var notes []answer
		next, err := c.page(ctx, page, &notes)
		if err != nil {
			return 0, err
		}
		for _, n := range notes {
			if !n.System && n.Author.ID == author && strings.HasPrefix(n.Body, strings.TrimSuffix(mark, "\n")) {
				return n.ID, nil
			}
		}
		if !next {
			return 0, nil
		}
	}
	return 0, fmt.Errorf("there are more than %d, and none of the oldest is Layergate's", maxPages*perPage)
}

// A merge request of more notes than this has no reader who would miss ours.
const (
	perPage  = 100
	maxPages = 100
)
