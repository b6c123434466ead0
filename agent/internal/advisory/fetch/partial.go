package fetch

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// partial is what was received of a download: the bytes in one file, where they
// came from in another.
type partial struct {
	f         *os.File
	size      int64
	url       string
	validator string // what If-Range takes; empty if it cannot be continued
}

// openPartial opens what an earlier run left of the file, or begins it.
func openPartial(folder *Folder, f file) (*partial, error) {
	name := filepath.Join(folder.path, partialFolder, hashed(f.path)+".part")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	p := &partial{f: file, url: f.url}
	head, err := os.ReadFile(name + ".from")
	from, validator, _ := strings.Cut(string(head), "\n")
	if err == nil && from == f.url && validator != "" {
		p.validator = validator
		p.size, err = file.Seek(0, io.SeekEnd)
	} else {
		err = file.Truncate(0)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return p, nil
}

func hashed(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:8])
}

// restart begins anew with an answer, and notes whether it could be continued:
// not if it is compressed on the way, nor without a name for these very bytes.
func (p *partial) restart(answer *http.Response) error {
	p.validator = ""
	if !answer.Uncompressed {
		p.validator = answer.Header.Get("Last-Modified")
		if etag := answer.Header.Get("ETag"); strings.HasPrefix(etag, `"`) {
			p.validator = etag
		}
	}
	p.size = 0
	if err := p.f.Truncate(0); err != nil {
		return err
	}
	if _, err := p.f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return os.WriteFile(p.f.Name()+".from", []byte(p.url+"\n"+p.validator), 0o644)
}

// writeError is a failure of the disk, not of the network.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

// append adds what comes.
func (p *partial) append(r io.Reader) error {
	buffer := make([]byte, 64<<10)
	for {
		n, err := r.Read(buffer)
		if n > 0 {
			if _, err := p.f.WriteAt(buffer[:n], p.size); err != nil {
				return writeError{err}
			}
			p.size += int64(n)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if p.validator == "" {
				p.size = 0
			}
			return err
		}
	}
}

// oneOf is the first error that there is.
func oneOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *partial) sum() (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(p.f, 0, p.size)); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// close keeps it for another run, if that could continue it.
func (p *partial) close() error {
	if p.size == 0 || p.validator == "" {
		return p.discard()
	}
	return p.f.Close()
}

// discard removes it.
func (p *partial) discard() error {
	name := p.f.Name()
	return oneOf(p.f.Close(), os.Remove(name), ignoreMissing(os.Remove(name+".from")))
}

// moveTo makes it the file of that name. It does not wait for the disk: that
// would take seconds for thousands of small files, and what a crash spoils can
// be downloaded again.
func (p *partial) moveTo(name string) error {
	if err := oneOf(p.f.Close(), os.MkdirAll(filepath.Dir(name), 0o755)); err != nil {
		return err
	}
	return oneOf(os.Rename(p.f.Name(), name), ignoreMissing(os.Remove(p.f.Name()+".from")))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
