package feed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// The limits on input. They are far above what is published and keep a
// hostile or broken file from filling the memory.
const (
	maxDocument = 256 << 20 // bytes of a JSON file that is read whole
	maxRecord   = 64 << 20  // bytes of one record in an archive
	maxText     = 512       // bytes of an id, a name or a version
)

// errTooLarge tells which limit was met.
var errTooLarge = errors.New("larger than any that is published")

// readJSON decodes one JSON document of a file into v.
func readJSON(fsys fs.FS, name string, v any) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err // fs errors name the file
	}
	defer f.Close()
	d := json.NewDecoder(&limited{r: f, left: maxDocument})
	if err := d.Decode(v); err != nil {
		return broken(name, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return broken(name, errors.New("something follows the document"))
	}
	return nil
}

// broken wraps the error of a file that is not what it should be.
func broken(name string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		err = errors.New("the file is cut short; fetch it again")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		err = fmt.Errorf("it is not JSON, or damaged (%w); fetch it again", err)
	}
	return fmt.Errorf("reading %s: %w", name, err)
}

// limited is a reader that fails, rather than ends, at a limit.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > l.left {
		p = p[:l.left]
	}
	n, err := l.r.Read(p)
	l.left -= int64(n)
	return n, err
}

// readerAt gives random access to a file, through memory when its file system
// cannot. Open sees to it that such a file is small.
func readerAt(f fs.File, size int64) (io.ReaderAt, error) {
	if r, ok := f.(io.ReaderAt); ok {
		return r, nil
	}
	if size > maxInMemory {
		return nil, errors.New("an archive of this size cannot be read within another: unpack the outer one")
	}
	b, err := io.ReadAll(&limited{r: f, left: size + 1})
	if err != nil {
		return nil, err
	}
	return bytes.NewReader(b), nil
}

// every looks at the context now and then: at the first call, and once each
// 256 calls.
type every struct {
	ctx context.Context
	n   int
}

func (e *every) check() error {
	e.n++
	if e.n%256 != 1 {
		return nil
	}
	return e.ctx.Err()
}

// day parses a date or an RFC 3339 time; "" is the zero time.
func day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a date", s)
	}
	return t, nil
}

// fits says whether an id, a name or a version is one that can be kept: not
// empty, not absurdly long, and free of control characters.
func fits(s string) bool {
	if s == "" || len(s) > maxText {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// clip cuts what names something left out, which may be anything.
func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}
