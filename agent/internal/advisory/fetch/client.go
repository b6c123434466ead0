package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/layergate/layergate/agent/internal/network"
)

// client makes requests until they succeed or there is no hope left.
type client struct {
	http      *http.Client
	transport *http.Transport
	slots     chan struct{} // one for each request under way
	userAgent string
	stall     time.Duration
	attempts  int
	wait      func(context.Context, time.Duration) error
	now       func() time.Time
	log       func(string)
}

func newClient(o Options, mirror *url.URL) (*client, error) {
	transport, err := newTransport(o)
	if err != nil {
		return nil, err
	}
	var way http.RoundTripper = transport
	if mirror != nil && o.MirrorToken != "" {
		way = bearer{next: transport, host: mirror, token: o.MirrorToken}
	}
	c := &client{
		http:      &http.Client{Transport: way, CheckRedirect: checkRedirect},
		transport: transport,
		slots:     make(chan struct{}, parallel),
		userAgent: o.UserAgent,
		stall:     o.Stall,
		attempts:  o.Attempts,
		wait:      o.Wait,
		now:       o.Now,
		log:       o.Log,
	}
	if c.stall == 0 {
		c.stall = time.Minute
	}
	if c.attempts == 0 {
		c.attempts = 5
	}
	if c.wait == nil {
		c.wait = network.Wait
	}
	return c, nil
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// get asks for an address until take has had an answer that it accepts. header
// is called anew for each attempt; take is given answers of 200, 206 and 304
// (and 416 to a Range) only.
// An error is final if trying again makes no sense; all others are retried.
// What comes back says what is wrong and what to do.
func (c *client) get(ctx context.Context, address string, header func() (http.Header, error), take func(*http.Response) error) error {
	var err error
	wrong := 0
	for attempt := range c.attempts {
		if attempt > 0 {
			pause, hopeless := c.pause(attempt, err)
			if hopeless != nil {
				return fmt.Errorf("%s: %w", address, hopeless)
			}
			c.log(fmt.Sprintf("%s: %v; trying again in %s", address, err, pause.Round(time.Millisecond)))
			if err := c.wait(ctx, pause); err != nil {
				return err
			}
		}
		err = c.attempt(ctx, address, header, take)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if errors.As(err, new(wrongError)) {
			wrong++
		}
		if wrong == maxWrong || !isTransient(err) {
			break
		}
	}
	return fmt.Errorf("%s: %w", address, explain(err))
}

// wrongError is about something that came whole and is not what was asked for.
type wrongError struct{ error }

func (e wrongError) Unwrap() error { return e.error }

// maxWrong is how often that is taken for chance.
const maxWrong = 2

// attempt makes one request, redirects included.
func (c *client) attempt(ctx context.Context, address string, header func() (http.Header, error), take func(*http.Response) error) error {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(c.stall, func() { cancel(stallError(c.stall)) })
	defer stalled.Stop()

	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return final{err}
	}
	if header != nil {
		if r.Header, err = header(); err != nil {
			return final{err}
		}
	}
	if c.userAgent != "" {
		r.Header.Set("User-Agent", c.userAgent)
	}
	answer, err := c.http.Do(r)
	if err == nil {
		defer answer.Body.Close()
		answer.Body = alive{answer.Body, func() { stalled.Reset(c.stall) }}
		if err = statusOf(answer, c.now()); err == nil {
			err = take(answer)
		}
	}
	// The cause says more than "context canceled".
	var stall stallError
	if err != nil && errors.As(context.Cause(ctx), &stall) {
		return stall
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // the address is said once, by get
	}
	return err
}

// alive tells of each byte that comes.
type alive struct {
	io.ReadCloser
	sign func()
}

func (a alive) Read(p []byte) (int, error) {
	n, err := a.ReadCloser.Read(p)
	if n > 0 {
		a.sign()
	}
	return n, err
}

// maxText bounds lists of what there is; the longest, Red Hat's of changes, has
// some 4 MB.
const maxText = 64 << 20

// text gets a short document whole.
func (s *session) text(ctx context.Context, address string) (string, error) {
	var text []byte
	err := s.client.get(ctx, address, nil, func(answer *http.Response) error {
		var err error
		text, err = io.ReadAll(io.LimitReader(answer.Body, maxText+1))
		if len(text) > maxText {
			return final{errTooLarge}
		}
		return err
	})
	return string(text), err
}
