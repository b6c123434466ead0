package fetch

import (
	"bytes"
	"compress/bzip2"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxInflated bounds what is inflated to see whether a file is whole. The
// largest that is published, Red Hat's archive, inflates to some 10 GB.
const maxInflated = 256 << 30

// check says whether a file that was received is of the format that its name
// says, and whole: proxies answer 200 with a page of their own, and servers
// cut short what they do not give the length of. What is in it is the feeds'
// business.
func check(name string, r io.ReaderAt, size int64) error {
	var err error
	var format string
	whole := io.NewSectionReader(r, 0, size)
	switch path.Ext(name) {
	case ".zip":
		format = "a zip archive"
		err = checkZip(r, size)
	case ".json":
		format = "JSON"
		err = checkJSON(r, size)
	case ".csv":
		format = "CSV"
		err = checkCSV(whole)
	case ".gz":
		format = "gzip"
		err = checkGzip(whole)
	case ".bz2":
		format = "bzip2"
		err = inflate(bzip2.NewReader(whole))
	case ".zst":
		format = "zstd"
		err = checkZstd(whole)
	default:
		return fmt.Errorf("files called %s cannot be checked", name)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("what came is not %s, or not all of it (%w); it begins %q", format, err, beginning(r))
}

// beginning is the start of the file, which tells a person what it is instead.
func beginning(r io.ReaderAt) []byte {
	start := make([]byte, 40)
	n, err := r.ReadAt(start, 0)
	if err != nil && err != io.EOF {
		return nil
	}
	return bytes.TrimSpace(start[:n])
}

// checkZip looks at both ends: the first entry, and the record behind the last
// that says where the list of them is. That list is not read, since it can be
// of any length; the feed reads it entry by entry.
func checkZip(r io.ReaderAt, size int64) error {
	const endSize = 22
	start := make([]byte, 4)
	if _, err := r.ReadAt(start, 0); err != nil {
		return err
	}
	tail := make([]byte, min(size, endSize+0xffff))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	switch {
	case bytes.Equal(start, []byte("PK\x05\x06")):
		return errors.New("it is empty")
	case !bytes.Equal(start, []byte("PK\x03\x04")):
		return errors.New("it has no first entry")
	case at < 0 || len(tail)-at < endSize:
		return io.ErrUnexpectedEOF
	}
	return nil
}

// checkJSON reads the first tokens and the last: enough to tell a document
// from a page and from a part of it.
func checkJSON(r io.ReaderAt, size int64) error {
	d := json.NewDecoder(io.NewSectionReader(r, 0, size))
	for i := range 4 {
		token, err := d.Token()
		if err != nil {
			if err == io.EOF && i > 1 { // {} and []
				break
			}
			return err
		}
		if open, ok := token.(json.Delim); i == 0 && (!ok || open != '{' && open != '[') {
			return errors.New("it is no document")
		}
	}
	end := make([]byte, min(size, 64))
	if _, err := r.ReadAt(end, size-int64(len(end))); err != nil && err != io.EOF {
		return err
	}
	start := beginning(r)
	end = bytes.TrimSpace(end)
	want := byte('}')
	if start[0] == '[' {
		want = ']'
	}
	if len(end) == 0 || end[len(end)-1] != want {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// checkCSV reads all lines. None at all is a list too.
func checkCSV(r io.Reader) error {
	lines := csv.NewReader(r)
	lines.FieldsPerRecord = 2 // Red Hat's lists are the only ones
	lines.ReuseRecord = true
	for {
		if _, err := lines.Read(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func checkGzip(r io.Reader) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	return inflate(z)
}

func checkZstd(r io.Reader) error {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(1<<30))
	if err != nil {
		return err
	}
	defer z.Close()
	return inflate(z)
}

func inflate(r io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(r, maxInflated))
	switch {
	case err != nil:
		return err
	case n == 0:
		return errors.New("there is nothing in it")
	case n == maxInflated:
		return errTooLarge
	}
	return nil
}
