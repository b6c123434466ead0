package layer

import (
	"archive/tar"
	"bytes"
	"io"
)

// scanner goes from header to header of a tar that can be sought. It reads
// the headers that layers consist of itself, and leaves every other (PAX and
// GNU extensions, sparse files, odd numbers, the end mark, broken ones) to
// archive/tar.
//
// On an image of 95,000 entries archive/tar spent three quarters of the walk's
// time in a header's fields (0.5 s; FileInfo, times and formats that nobody
// asks for); this takes a fifth of that. FuzzWalk holds the two against each
// other.
type scanner struct {
	window  *window
	next    int64 // where the next header begins
	header  tar.Header
	slow    *tar.Reader // set while archive/tar goes on
	missing bool        // the archive ended without its end mark
}

const blockSize = 512

// Next gives the next entry and leaves the window at its content's first
// byte. The header is valid until the next call.
func (s *scanner) Next() (*tar.Header, error) {
	if s.slow != nil {
		return s.careful(s.slow)
	}
	s.window.pos = s.next
	block, err := s.window.peek(blockSize)
	if err != nil {
		return nil, err
	}
	if len(block) == 0 {
		s.missing = true
		return nil, io.EOF
	}
	if len(block) < blockSize || !s.plain(block) {
		return s.careful(tar.NewReader(struct {
			io.Reader
			io.Seeker
		}{s.window, s.window}))
	}
	s.window.pos += blockSize
	if s.header.Size > s.window.size-s.window.pos {
		return nil, io.ErrUnexpectedEOF
	}
	s.next = s.window.pos + padded(s.header.Size)
	return &s.header, nil
}

// careful lets archive/tar read the entry.
func (s *scanner) careful(r *tar.Reader) (*tar.Header, error) {
	h, err := r.Next()
	if err != nil {
		if err == io.EOF {
			s.missing = s.window.pos >= s.window.size && !s.endsInZeros()
		}
		return nil, err
	}
	s.slow = r // only it knows where some contents end: sparse ones, odd types
	if h.Typeflag == tar.TypeReg && !isSparse(h) {
		s.slow = nil
		s.next = s.window.pos + padded(h.Size)
	}
	return h, nil
}

// endsInZeros says that the archive's last two blocks are an end mark.
func (s *scanner) endsInZeros() bool {
	var end [2 * blockSize]byte
	n, err := s.window.r.ReadAt(end[:], s.window.size-int64(len(end)))
	return ignoreEOF(n, err) == nil && end == [2 * blockSize]byte{}
}

func padded(size int64) int64 { return (size + blockSize - 1) &^ (blockSize - 1) }

// plain reads a header in the form that every field of it fits into (POSIX
// ustar or old GNU, without extensions), and says whether it was one. The
// offsets are those of POSIX.1-1988's ustar.
func (s *scanner) plain(b []byte) bool {
	posix := string(b[257:265]) == "ustar\x0000"
	if !posix && string(b[257:265]) != "ustar  \x00" {
		return false
	}
	if string(b[508:512]) == "tar\x00" || !posix && b[345] != 0 {
		return false // star's and GNU's own use of the last fields
	}
	switch b[156] {
	case tar.TypeReg, tar.TypeLink, tar.TypeSymlink, tar.TypeChar, tar.TypeBlock, tar.TypeDir, tar.TypeFifo:
	default:
		return false
	}
	sum, ok := octal(b[148:156])
	if !ok || sum != checksum(b) {
		return false
	}
	h := &s.header
	*h = tar.Header{Typeflag: b[156], Name: text(b[0:100]), Linkname: text(b[157:257])}
	if posix && b[345] != 0 {
		h.Name = text(b[345:500]) + "/" + h.Name
	}
	var modeOK, sizeOK bool
	h.Mode, modeOK = octal(b[100:108])
	h.Size, sizeOK = octal(b[124:136])
	for _, f := range [][]byte{b[108:116], b[116:124], b[136:148], b[329:337], b[337:345]} { // owner, group, time, device
		if _, ok := octal(f); !ok && len(bytes.Trim(f, " \x00")) > 0 {
			return false // archive/tar may refuse it
		}
	}
	if h.Typeflag != tar.TypeReg {
		h.Size = 0 // whatever is there, no content follows
	}
	return modeOK && sizeOK
}

func text(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// octal reads a field of octal digits between spaces and NULs.
func octal(b []byte) (n int64, ok bool) {
	i := 0
	for i < len(b) && b[i] == ' ' {
		i++
	}
	start := i
	for ; i < len(b) && '0' <= b[i] && b[i] <= '7'; i++ {
		n = n<<3 | int64(b[i]-'0')
	}
	ok = i > start
	for ; i < len(b); i++ {
		ok = ok && (b[i] == 0 || b[i] == ' ')
	}
	return n, ok
}

// checksum is the sum of a header's bytes, those of the sum's own field taken
// as spaces.
func checksum(b []byte) (sum int64) {
	for _, c := range b[:148] {
		sum += int64(c)
	}
	for _, c := range b[156:512] {
		sum += int64(c)
	}
	return sum + 8*' '
}
