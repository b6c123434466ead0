package note

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/network"
)

// MergeRequest is a merge request of a GitLab, and the right to write there.
type MergeRequest struct {
	API     string // where the REST API is: "https://gitlab.example.com/api/v4"
	Project string // the target project's number, or its path
	IID     int    // the merge request's number within the project
	Token   string // of a user, a project or a group, with the scope api; a job's token may not write notes

	Transport http.RoundTripper                          // nil: http.DefaultTransport
	Wait      func(context.Context, time.Duration) error // nil: network.Wait
	UserAgent string
}

// timeout is for one request, patience with a busy server included.
const timeout = 3 * time.Minute

// maxAnswer bounds an answer: a page of notes, each of up to 1,000,000
// characters by GitLab's limit.
const maxAnswer = 128 << 20

type client struct {
	m    MergeRequest
	http *http.Client
}

func (m MergeRequest) client() client {
	transport, wait := m.Transport, m.Wait
	if transport == nil {
		transport = http.DefaultTransport
	}
	if wait == nil {
		wait = network.Wait
	}
	return client{m, &http.Client{
		Timeout:   timeout,
		Transport: network.Patient{To: transport, Wait: wait},
		// A redirect would take the token along, or turn a POST into a GET.
		CheckRedirect: func(r *http.Request, _ []*http.Request) error { return redirectError{r.URL.Redacted()} },
	}}
}

type redirectError struct{ to string }

func (e redirectError) Error() string {
	return "it leads on to " + e.to + ": give the API's own address (--api, or $CI_API_V4_URL)"
}

// notes is the address of all notes.
func (c client) notes() string {
	return fmt.Sprintf("%s/projects/%s/merge_requests/%d/notes", strings.TrimSuffix(c.m.API, "/"), url.PathEscape(c.m.Project), c.m.IID)
}

func (c client) note(id int64) string { return fmt.Sprintf("%s/%d", c.notes(), id) }

// self is the number of the token's user.
func (c client) self(ctx context.Context) (int64, error) {
	var user struct {
		ID int64 `json:"id"`
	}
	_, err := c.do(ctx, http.MethodGet, strings.TrimSuffix(c.m.API, "/")+"/user", nil, &user)
	if err == nil && user.ID == 0 {
		err = errors.New("the answer names no user: is it GitLab's API?")
	}
	return user.ID, err
}

// page reads a page of notes, the oldest first, and says whether there are more.
func (c client) page(ctx context.Context, page int, notes *[]answer) (more bool, err error) {
	address := fmt.Sprintf("%s?order_by=created_at&sort=asc&per_page=%d&page=%d", c.notes(), perPage, page)
	header, err := c.do(ctx, http.MethodGet, address, nil, notes)
	if err != nil {
		return false, err
	}
	if next, ok := header["X-Next-Page"]; ok { // empty on the last one
		return strings.Join(next, "") != "", nil
	}
	return len(*notes) == perPage, nil // a proxy took the header away
}

// send writes a note's body, and gives the number of the note that it is now in.
func (c client) send(ctx context.Context, method, address, body string) (int64, error) {
	text, err := json.Marshal(map[string]string{"body": body})
	if err != nil {
		return 0, err
	}
	var note answer
	_, err = c.do(ctx, method, address, text, &note)
	if err == nil && note.ID == 0 {
		err = errors.New("the answer names no note: is it GitLab's API?")
	}
	return note.ID, err
}

// do makes one request and reads its answer. The token is in a header only, so
// that no error can show it.
func (c client) do(ctx context.Context, method, address string, body []byte, into any) (http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+c.m.Token)
	r.Header.Set("User-Agent", cmp.Or(c.m.UserAgent, "layergate"))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, explainError(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the answer of %s: %w", r.URL.Host, err)
	case answer.StatusCode/100 != 2:
		return nil, statusError{code: answer.StatusCode, host: r.URL.Host, after: answer.Header.Get("Retry-After")}
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s has more than %d MiB", r.URL.Host, maxAnswer>>20)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return nil, fmt.Errorf("the answer of %s is not what GitLab's API answers: %w", r.URL.Host, err)
	}
	return answer.Header, nil
}

// explainError says the address once, without what http.Client adds.
func explainError(err error) error {
	var redirect redirectError
	var wrapped *url.Error
	if errors.As(err, &redirect) {
		return redirect
	}
	if errors.As(err, &wrapped) {
		address := wrapped.URL
		if u, parseErr := url.Parse(address); parseErr == nil {
			address = u.Redacted()
		}
		return fmt.Errorf("%s: %w", address, wrapped.Err)
	}
	return err
}

// statusError is an answer that is none.
type statusError struct {
	code  int
	host  string
	after string // Retry-After, as it stands
}

func (e statusError) Error() string {
	said := strings.TrimSpace(strconv.Itoa(e.code) + " " + http.StatusText(e.code))
	return fmt.Sprintf("%s answered %s: %s", e.host, said, e.advice())
}

func (e statusError) advice() string {
	switch {
	case e.code == http.StatusUnauthorized:
		return "the token is wrong or has expired"
	case e.code == http.StatusForbidden:
		return "the token needs the scope api and at least the role Reporter; a job's own token may not write notes"
	case e.code == http.StatusNotFound:
		return "there is no such merge request, or the token may not see it"
	case e.code == http.StatusTooManyRequests && e.after != "":
		return fmt.Sprintf("too many requests; it asks to wait for %q seconds", e.after)
	case e.code == http.StatusTooManyRequests:
		return "too many requests, each time: try again later"
	case e.code >= 500:
		return "GitLab fails, each time: try again later"
	}
	return "that is not expected"
}
