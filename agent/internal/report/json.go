package report

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/layergate/layergate/agent/internal/result"
)

// writeJSON writes the result itself. JSON ends up on terminals too, so what
// EscapeTerminal would escape is escaped here in JSON's notation: the document
// means the same.
func writeJSON(w io.Writer, r *result.Result, _ Options) error {
	var b bytes.Buffer
	if err := result.Write(&b, r); err != nil {
		return err
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// escapeJSON escapes characters that people cannot see, and breaks log commands.
// In valid JSON both are in strings only.
func escapeJSON(doc []byte) []byte {
	out := make([]byte, 0, len(doc))
	for len(doc) > 0 {
		r, size := utf8.DecodeRune(doc)
		switch {
		case r < 0x7f || visible(r):
			out = append(out, doc[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		doc = doc[size:]
	}
	return bracketCommand.ReplaceAll(out, []byte(`#\u0023$1[`))
}
