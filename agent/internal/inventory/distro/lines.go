package distro

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
)

// maxLine is the longest line that is seen whole; a package's file list or
// dependencies seldom reach a tenth of it.
const maxLine = 64 << 10

// lines reads a text line by line in constant memory.
type lines struct {
	ctx  context.Context
	r    *bufio.Reader
	n    int  // the number of the line that next returned, from 1
	cut  bool // that line was longer than maxLine: its end is missing
	open bool // the text ended without a newline, as a file that was cut short does
}

func newLines(ctx context.Context, r io.Reader) *lines {
	size := int64(maxLine)
	if s, ok := r.(*io.SectionReader); ok {
		size = min(size, s.Size()+1) // an image has a thousand small ones
	}
	return &lines{ctx: ctx, r: bufio.NewReaderSize(r, int(size))}
}

// next returns a line without its end, valid until the next call, or io.EOF.
func (l *lines) next() ([]byte, error) {
	if l.n%1024 == 0 {
		if err := l.ctx.Err(); err != nil {
			return nil, err
		}
	}
	l.n++
	line, err := l.r.ReadSlice('\n')
	l.cut = errors.Is(err, bufio.ErrBufferFull)
	if l.cut {
		line = bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = l.r.ReadSlice('\n')
		}
	}
	if errors.Is(err, io.EOF) {
		if len(line) == 0 {
			return nil, io.EOF
		}
		l.open, err = true, nil
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}
