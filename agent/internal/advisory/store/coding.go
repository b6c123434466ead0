package store

import (
	"encoding/binary"
	"errors"
)

// Everything inside a block is made of unsigned varints and of strings that
// share their beginning with the one before.

// maxText bounds every string of an index. Feeds hand on ids, names and
// versions of a quarter of that at most.
const maxText = 2048

// maxUnfolded bounds how many things (versions, events, listed versions, ids,
// ratings, statements of records) one package or block unfolds to, each of
// which takes up to 64 bytes in memory and perhaps less than one in the file.
// The largest real package, Linux in Ubuntu, comes to 60,000.
const maxUnfolded = 1 << 20

// maxShared bounds how much text a block may hold by sharing beginnings. Real
// blocks hold some 100 KB.
const maxShared = 16 << 20

// errCorrupt is the error of every block that does not follow the format.
var errCorrupt = errors.New("the index is damaged; fetch or build it again")

type encoder struct{ b []byte }

func (e *encoder) uint(v uint64) { e.b = binary.AppendUvarint(e.b, v) }
func (e *encoder) int(v int)     { e.uint(uint64(v)) }

// signed writes small numbers of either sign in few bytes.
func (e *encoder) signed(v int64) { e.b = binary.AppendVarint(e.b, v) }

func (e *encoder) text(s string) {
	e.int(len(s))
	e.b = append(e.b, s...)
}

// follow writes s as what it shares with previous and the rest.
func (e *encoder) follow(previous, s string) {
	n := 0
	for n < len(previous) && n < len(s) && previous[n] == s[n] {
		n++
	}
	e.int(n)
	e.text(s[n:])
}

// decoder reads what an encoder wrote. After the first fault every read gives
// zero and err says what is wrong.
type decoder struct {
	b      []byte
	err    error
	spent  int // things unfolded so far
	shared int // bytes of text that were shared with the text before
}

// spend counts n things, up to a limit.
func (d *decoder) spend(n uint64) bool {
	if d.spent += int(min(n, maxUnfolded+1)); d.spent > maxUnfolded {
		d.fail()
		return false
	}
	return true
}

func (d *decoder) fail() {
	d.err = errCorrupt
	d.b = nil
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) int() int { return int(d.uint()) }

func (d *decoder) signed() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

// below reads a number that must be less than limit: an index into a table.
func (d *decoder) below(limit int) int {
	v := d.uint()
	if v >= uint64(limit) {
		d.fail()
		return 0
	}
	return int(v)
}

// count reads how many things follow, each of at least so many bytes.
func (d *decoder) count(each int) int {
	v := d.uint()
	if v > uint64(len(d.b)/each) {
		d.fail()
		return 0
	}
	return int(v)
}

func (d *decoder) bytes() []byte {
	n := d.count(1)
	s := d.b[:n:n]
	d.b = d.b[n:]
	return s
}

// follow reads a string that shares its beginning with previous.
func (d *decoder) follow(previous string) string {
	n, rest := d.next(len(previous))
	return previous[:n] + string(rest)
}

// next reads how much is shared with a string of so many bytes, and the rest.
func (d *decoder) next(previous int) (shared int, rest []byte) {
	n := d.uint()
	rest = d.bytes()
	if n > uint64(previous) || n+uint64(len(rest)) > maxText || d.shared > maxShared {
		d.fail()
		return 0, nil
	}
	d.shared += int(n)
	return int(n), rest
}

// texts writes strings that are best sorted.
func (e *encoder) texts(list []string) {
	e.int(len(list))
	e.followers(list)
}

func (e *encoder) followers(list []string) {
	previous := ""
	for _, s := range list {
		e.follow(previous, s)
		previous = s
	}
}

func (d *decoder) texts() []string { return d.followers(d.count(2)) }

// followers reads n strings, each sharing its beginning with the one before,
// into one piece of memory.
func (d *decoder) followers(n int) []string { return d.followersThen(n, func(int) {}) }

// followersThen does so where something else follows each of the strings.
func (d *decoder) followersThen(n int, then func(i int)) []string {
	var all []byte
	ends := make([]int, n)
	start := 0 // of the previous one
	for i := range ends {
		shared, rest := d.next(len(all) - start)
		begin := len(all)
		all = append(all, all[start:start+shared]...)
		all = append(all, rest...)
		start, ends[i] = begin, len(all)
		then(i)
	}
	text := string(all)
	list := make([]string, n)
	begin := 0
	for i, end := range ends {
		list[i] = text[begin:end]
		begin = end
	}
	return list
}
