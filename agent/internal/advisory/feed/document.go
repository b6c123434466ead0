package feed

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
)

// document is a JSON file that is decoded piece by piece, so that no more of
// it is in memory than the piece at hand. Its own errors name the file; errors
// of the functions that are called back are passed on as they are.
type document struct {
	file    fs.File
	piece   *limited // what is left for the piece at hand
	decoder *json.Decoder
	name    string
	kind    string // what it should be, for errors: "the security tracker's JSON"
}

// openDocument opens a file of at most limit bytes, of which no piece may have
// more than maxRecord.
func openDocument(fsys fs.FS, name, kind string, limit int64) (*document, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err // fs errors name the file
	}
	piece := &limited{r: &limited{r: f, left: limit}, left: maxRecord}
	return &document{file: f, piece: piece, decoder: json.NewDecoder(piece), name: name, kind: kind}, nil
}

func (d *document) Close() error { return d.file.Close() }

// members calls value for each member of the object that comes next. value
// must read the member's value. An object that is null has no members.
func (d *document) members(value func(name string) error) error {
	return d.each('{', func() error {
		name, err := d.decoder.Token()
		if err != nil {
			return broken(d.name, err)
		}
		return value(name.(string)) // the decoder takes nothing else before a colon
	})
}

// elements calls element for each element of the array that comes next.
func (d *document) elements(element func() error) error { return d.each('[', element) }

func (d *document) each(open json.Delim, piece func() error) error {
	switch t, err := d.decoder.Token(); {
	case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
		return broken(d.name, err)
	case err == nil && t == nil:
		return nil
	case err != nil || t != open:
		return broken(d.name, errors.New("not "+d.kind))
	}
	for d.decoder.More() {
		d.piece.left = maxRecord
		if err := piece(); err != nil {
			return err
		}
	}
	if _, err := d.decoder.Token(); err != nil {
		return broken(d.name, err)
	}
	return nil
}

// decode reads the value that comes next.
func (d *document) decode(v any) error {
	if err := d.decoder.Decode(v); err != nil {
		return broken(d.name, err)
	}
	return nil
}

// skip passes over the value that comes next.
func (d *document) skip() error {
	var v json.RawMessage
	return d.decode(&v)
}

// end checks that nothing follows.
func (d *document) end() error {
	switch _, err := d.decoder.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return broken(d.name, errors.New("something follows the document"))
	default:
		return broken(d.name, err)
	}
}
