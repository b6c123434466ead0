package feed

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/klauspost/compress/gzip"
)

// xmlFile reads a large XML document from its beginning to its end, one
// element at a time. Its errors name the file. Entities that a document
// declares for itself are not expanded but an error, and so is any encoding
// but UTF-8.
type xmlFile struct {
	name   string
	file   fs.File
	budget *limited      // of the element at hand
	text   *bufio.Reader // the document; the decoder takes from it byte by byte
	*xml.Decoder
}

// xmlDate is an element like <issued date="2018-11-07"/>.
type xmlDate struct {
	Date string `xml:"date,attr"`
}

// The limits on XML, in bytes. The largest document, Oracle's of all its
// errata, has 250 MB, and no erratum of any more than a few.
const (
	maxXML     = 16 * maxDocument
	maxElement = 16 << 20 // an update or a definition; its values take some times as much memory
)

// openXML opens an XML document, packed if its name ends in .gz or .bz2.
func openXML(fsys fs.FS, name string) (*xmlFile, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err // fs errors name the file
	}
	var r io.Reader = f
	switch path.Ext(name) {
	case ".gz":
		if r, err = gzip.NewReader(f); err != nil {
			return nil, errors.Join(broken(name, err), f.Close())
		}
	case ".bz2":
		r = bzip2.NewReader(f)
	}
	x := &xmlFile{name: name, file: f, budget: &limited{r: &limited{r: r, left: maxXML}, left: maxElement}}
	x.text = bufio.NewReaderSize(x.budget, 64<<10)
	x.Decoder = xml.NewDecoder(x.text)
	x.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("only UTF-8 can be read") }
	return x, nil
}

func (x *xmlFile) close() error { return x.file.Close() }

// broken names the file in an error of its decoder.
func (x *xmlFile) broken(err error) error {
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		if syntax.Msg == "unexpected EOF" {
			return broken(x.name, io.ErrUnexpectedEOF)
		}
		err = fmt.Errorf("%w; fetch it again", err)
	}
	return broken(x.name, err)
}

// root goes into the document's outermost element, which must be called so;
// what says what the document should be.
func (x *xmlFile) root(element, what string) error {
	start, err := x.child()
	if err != nil {
		return err
	}
	if start.Name.Local != element {
		return broken(x.name, fmt.Errorf("not %s: it begins with <%s>", what, start.Name.Local))
	}
	return nil
}

// child is the next element within the one at hand; nil at its end. It has to
// be decoded, skipped or gone through in turn before the one after it.
func (x *xmlFile) child() (*xml.StartElement, error) {
	x.budget.left = maxElement
	for {
		token, err := x.Token()
		if err != nil {
			return nil, x.broken(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			return &token, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

// decode reads the element that child found.
func (x *xmlFile) decode(v any, start *xml.StartElement) error {
	if err := x.DecodeElement(v, start); err != nil {
		return x.broken(err)
	}
	return nil
}

// pass goes over the element that child found.
func (x *xmlFile) pass() error {
	if err := x.Skip(); err != nil {
		return x.broken(err)
	}
	return nil
}

// end checks that nothing follows the outermost element.
func (x *xmlFile) end() error {
	for {
		token, err := x.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return x.broken(err)
		}
		if _, ok := token.(xml.StartElement); ok {
			return broken(x.name, errors.New("something follows the document"))
		}
	}
}

// rest goes over what is left of the document without looking into it, but for
// whether it ends with the end of its outermost element.
func (x *xmlFile) rest(ctx context.Context, element string) error {
	const enough = 1 << 10
	buffer := make([]byte, 32<<10)
	var tail []byte
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.budget.left = maxElement
		n, err := x.text.Read(buffer)
		tail = append(tail, buffer[:n]...)
		tail = append(tail[:0], tail[max(0, len(tail)-enough):]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return x.broken(err)
		}
	}
	if !bytes.HasSuffix(bytes.TrimSpace(tail), []byte("</"+element+">")) {
		return x.broken(io.ErrUnexpectedEOF)
	}
	return nil
}
