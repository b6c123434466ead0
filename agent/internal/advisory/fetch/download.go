package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
)

// download brings one file up to date and says whether it changed.
func (s *session) download(ctx context.Context, f file) (changed bool, err error) {
	known, have := s.folder.known(f.path)
	if have && (f.revision != "" && f.revision == known.Revision || f.sum != "" && f.sum == known.SHA256) {
		known.Checked = s.Now().UTC()
		s.folder.state.put(f.path, known)
		return false, nil
	}
	d := &transfer{session: s, file: f, known: known, have: have}
	defer func() {
		if d.part != nil {
			err = oneOf(err, d.part.close())
		}
	}()
	err = s.client.get(ctx, f.url, d.header, func(answer *http.Response) error {
		var err error
		changed, err = d.take(answer)
		return err
	})
	if f.optional && !have && isNotFound(err) {
		if f.missing != "" {
			s.Warn(fmt.Sprintf("%s: %v: %s", f.url, statusError{code: http.StatusNotFound}, f.missing))
		}
		return false, nil
	}
	return changed, err
}

// transfer is the download of one file over all its attempts.
type transfer struct {
	*session
	file
	known entry // what is there
	have  bool
	part  *partial // what was received of it so far
	asked bool     // whether the file has changed
}

// header makes the request conditional: "if it changed" where the file is
// there, "from where we stopped, if it is still the same" where a part is.
func (t *transfer) header() (http.Header, error) {
	h := http.Header{}
	if path.Ext(t.path) != ".json" {
		h.Set("Accept-Encoding", "identity") // it is compressed already, and can be continued
	}
	if t.part == nil {
		var err error
		if t.part, err = openPartial(t.folder, t.file); err != nil {
			return nil, err
		}
	}
	t.asked = false
	if t.part.size > 0 {
		h.Set("Range", fmt.Sprintf("bytes=%d-", t.part.size))
		h.Set("If-Range", t.part.validator)
		return h, nil
	}
	if t.have && t.known.URL == t.url && t.sum == "" {
		if t.known.ETag != "" {
			h.Set("If-None-Match", t.known.ETag)
		}
		if t.known.LastModified != "" {
			h.Set("If-Modified-Since", t.known.LastModified)
		}
		t.asked = t.known.ETag != "" || t.known.LastModified != ""
	}
	return h, nil
}

// take takes an answer.
func (t *transfer) take(answer *http.Response) (changed bool, err error) {
	e := entry{
		Source: t.source, URL: t.url, Revision: t.revision,
		ETag: answer.Header.Get("ETag"), LastModified: answer.Header.Get("Last-Modified"),
	}
	if t.mirrored != nil { // what the mirror's own server says of its copy is of no interest
		e.Revision, e.ETag, e.LastModified = t.mirrored.Revision, "", t.mirrored.LastModified
	}
	switch answer.StatusCode {
	case http.StatusNotModified:
		if !t.asked {
			return false, final{errors.New("the server answered that nothing has changed, and was not asked that")}
		}
		t.known.Checked, t.known.Revision = t.Now().UTC(), t.revision
		t.folder.state.put(t.path, t.known)
		return false, t.startOver(nil)
	case http.StatusRequestedRangeNotSatisfiable:
		return false, t.startOver(errors.New("the server has less than was received of it before"))
	case http.StatusPartialContent:
		if !continues(answer.Header.Get("Content-Range"), t.part.size) {
			return false, t.startOver(errors.New("the server sent another range than was asked for"))
		}
	default:
		if err := t.part.restart(answer); err != nil {
			return false, final{err}
		}
	}
	if err := t.notOlder(e); err != nil {
		return false, final{err}
	}
	if err := t.receive(answer); err != nil {
		return false, err
	}
	return t.accept(e)
}

// receive appends the body to the part.
func (t *transfer) receive(answer *http.Response) error {
	if answer.ContentLength > t.limit-t.part.size {
		return t.giveUp(errTooLarge)
	}
	total := int64(0)
	if answer.ContentLength >= 0 {
		total = t.part.size + answer.ContentLength
	}
	body := counted{r: io.LimitReader(answer.Body, t.limit-t.part.size+1), each: func(n int) { t.progress(n, total) }}
	err := t.part.append(body)
	var failed writeError
	switch {
	case t.part.size > t.limit:
		return t.giveUp(errTooLarge)
	case errors.As(err, &failed): // a disk that is full should not stay so because of us
		return t.giveUp(failed.error)
	}
	return err
}

func (s *session) count(n int) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all += int64(n)
	return s.all
}

func (t *transfer) progress(n int, total int64) {
	all := t.count(n)
	if t.Progress != nil {
		t.Progress(Progress{Source: t.source, Bytes: t.part.size, Total: total, All: all})
	}
}

// accept checks what was received and puts it in its place.
func (t *transfer) accept(e entry) (changed bool, err error) {
	sum, err := t.part.sum()
	if err != nil {
		return false, final{err}
	}
	if t.sum != "" && sum != t.sum {
		return false, t.startOver(wrongError{fmt.Errorf("what came has the SHA-256 sum %s, and should have %s: if it is being replaced right now, try again", sum, t.sum)})
	}
	if err := check(t.path, t.part.f, t.part.size); err != nil {
		return false, t.startOver(wrongError{err})
	}
	e.Size, e.SHA256, e.Checked = t.part.size, sum, t.Now().UTC()
	if t.have && sum == t.known.SHA256 {
		err = t.startOver(nil)
	} else {
		changed = true
		err = t.part.moveTo(t.folder.place(t.path))
		t.part = nil
	}
	if err != nil {
		return false, final{err}
	}
	t.folder.state.put(t.path, e)
	t.Log(fmt.Sprintf("%s: received %s, %.1f MB", t.source, t.path, float64(e.Size)/1e6))
	return changed, nil
}

// startOver ends an attempt whose part is of no use to the next.
func (t *transfer) startOver(err error) error {
	discarded := t.part.discard()
	t.part = nil
	if err == nil && discarded != nil {
		return final{discarded}
	}
	return err
}

// giveUp is startOver where there is no sense in a next.
func (t *transfer) giveUp(err error) error { return final{t.startOver(err)} }

// continues says whether a Content-Range ("bytes 5-9/10") is all that is
// missing of what was asked for from there.
func continues(contentRange string, from int64) bool {
	var first, last, size int64
	n, err := fmt.Sscanf(contentRange, "bytes %d-%d/%d", &first, &last, &size)
	return err == nil && n == 3 && from > 0 && first == from && last == size-1
}

// counted tells of what is read.
type counted struct {
	r    io.Reader
	each func(n int)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if n > 0 {
		c.each(n)
	}
	return n, err
}
