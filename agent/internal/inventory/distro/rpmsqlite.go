package distro

import (
	"errors"
	"fmt"
)

const (
	sqliteMagic = "SQLite format 3\x00"

	// maxTree is deeper than the b-tree of any file: at the smallest page size
	// each level multiplies the number of pages by at least 4.
	maxTree = 40
)

// sqliteFile reads tables of an SQLite file, as
// https://www.sqlite.org/fileformat2.html describes it: pages that form one
// b-tree a table, whose leaves hold the rows, long ones continued on a chain of
// overflow pages. Only what rpm's one table of blobs needs is here.
type sqliteFile struct {
	*rpmFile
	page   int64 // bytes in a page
	usable int64 // of them, used
	seen   []bool
}

// sqliteHeaders yields the blobs of the table Packages(hnum, blob).
func sqliteHeaders(f *rpmFile) (headers, error) {
	head, err := f.bytes(0, 100)
	if err != nil {
		return nil, err
	}
	s := &sqliteFile{rpmFile: f, page: int64(u16(head[16:]))}
	if s.page == 1 {
		s.page = 65536
	}
	s.usable = s.page - int64(head[20])
	if s.page < 512 || s.page&(s.page-1) != 0 || s.usable < 480 {
		return nil, fmt.Errorf("its pages of %d bytes, %d of them used, are not SQLite's", s.page, s.usable)
	}
	if encoding := u32(head[56:]); encoding > 1 {
		return nil, fmt.Errorf("its text encoding %d is not UTF-8", encoding)
	}
	// A writer that was interrupted leaves a file that ends early.
	if pages := int64(u32(head[28:])); pages*s.page > f.size {
		return nil, fmt.Errorf("it is cut short: %d pages of %d bytes are promised, %d bytes are there", pages, s.page, f.size)
	}
	s.seen = make([]bool, f.size/s.page+1)
	root, err := s.root("Packages")
	if err != nil {
		return nil, err
	}
	return func(yield func([]byte, error) bool) {
		s.walk(root, maxTree, func(row []byte, err error) bool {
			if err == nil {
				row, err = sqliteBlob(row)
			}
			return yield(row, err)
		})
	}, nil
}

// root finds the first page of a table in the schema, which is the table at
// page 1: type, name, tbl_name, rootpage, sql.
func (s *sqliteFile) root(table string) (int64, error) {
	var root int64
	var broken error
	s.walk(1, maxTree, func(row []byte, err error) bool {
		var cols []sqliteColumn
		if err == nil {
			cols, err = sqliteColumns(row)
		}
		if err != nil {
			broken = err
			return true
		}
		if len(cols) >= 4 && string(cols[0].bytes) == "table" && string(cols[1].bytes) == table {
			for _, b := range cols[3].bytes {
				root = root<<8 | int64(b)
			}
		}
		return root == 0
	})
	switch {
	case root == 0 && broken != nil:
		return 0, fmt.Errorf("no table %s is found in its schema, of which a part cannot be read: %w", table, broken)
	case root == 0:
		return 0, fmt.Errorf("its schema has no table %s", table)
	}
	return root, nil
}

// walk yields the rows of the b-tree at a page, and an error for each part
// that cannot be read. It returns false when yield did.
func (s *sqliteFile) walk(number int64, depth int, yield func([]byte, error) bool) bool {
	if number < 1 || number >= int64(len(s.seen)) || s.seen[number] || depth == 0 {
		return yield(nil, fmt.Errorf("page %d of the SQLite file is missing or named twice", number))
	}
	s.seen[number] = true
	page, err := s.bytes((number-1)*s.page, s.page)
	if err != nil {
		return yield(nil, err)
	}
	head := int64(0)
	if number == 1 {
		head = 100
	}
	kind, cells := page[head], int64(u16(page[head+3:]))
	pointers := head + 8
	if kind == sqliteInterior {
		pointers += 4
	}
	if kind != sqliteInterior && kind != sqliteLeaf || pointers+2*cells > s.usable {
		return yield(nil, fmt.Errorf("page %d of the SQLite file is not part of a table", number))
	}
	for i := range cells {
		cell := page[min(u16(page[pointers+2*i:]), len(page)):]
		if kind == sqliteLeaf {
			row, err := s.row(cell)
			if !yield(row, err) || errors.Is(err, errOverlap) {
				return false
			}
			continue
		}
		if len(cell) < 4 {
			return yield(nil, fmt.Errorf("page %d of the SQLite file is broken", number))
		}
		if !s.walk(int64(u32(cell)), depth-1, yield) {
			return false
		}
	}
	if kind == sqliteInterior {
		return s.walk(int64(u32(page[head+8:])), depth-1, yield)
	}
	return true
}

const (
	sqliteInterior = 0x05
	sqliteLeaf     = 0x0d
)

// row puts the payload of a leaf's cell together: its size, the row's number,
// and as much as fits on the page; the rest is on overflow pages.
func (s *sqliteFile) row(cell []byte) ([]byte, error) {
	size, n := varint(cell)
	_, m := varint(cell[n:])
	if n == 0 || m == 0 {
		return nil, errors.New("a row of the SQLite file is broken")
	}
	if err := s.claim(size); err != nil {
		return nil, err
	}
	cell = cell[n+m:]
	local := size
	if most := s.usable - 35; size > most {
		least := (s.usable-12)*32/255 - 23
		if local = least + (size-least)%(s.usable-4); local > most {
			local = least
		}
	}
	if local > int64(len(cell)) || local < size && local+4 > int64(len(cell)) {
		return nil, errors.New("a row of the SQLite file reaches beyond its page")
	}
	row := append(make([]byte, 0, size), cell[:local]...)
	if local == size {
		return row, nil
	}
	for next := int64(u32(cell[local:])); int64(len(row)) < size; {
		if next < 1 {
			return nil, errors.New("a row of the SQLite file is cut short")
		}
		page, err := s.bytes((next-1)*s.page, s.page)
		if err != nil {
			return nil, err
		}
		next = int64(u32(page))
		row = append(row, page[4:min(s.usable, 4+size-int64(len(row)))]...)
	}
	return row, nil
}

// sqliteColumn is one value of a row.
type sqliteColumn struct {
	kind  int64 // SQLite's serial type
	bytes []byte
}

// sqliteColumns splits a row: the size of its header, a serial type for each
// column, then the values.
func sqliteColumns(row []byte) ([]sqliteColumn, error) {
	broken := errors.New("a row of the SQLite file is broken")
	size, n := varint(row)
	if n == 0 || size < int64(n) || size > int64(len(row)) {
		return nil, broken
	}
	types, values := row[n:size], row[size:]
	var cols []sqliteColumn
	for len(types) > 0 {
		kind, n := varint(types)
		if n == 0 || kind < 0 || len(cols) == 8 {
			return nil, broken
		}
		types = types[n:]
		length := kind
		switch {
		case kind >= 12:
			length = (kind - 12) / 2
		case kind == 5:
			length = 6
		case kind == 6, kind == 7:
			length = 8
		case kind > 7: // the constants 0 and 1
			length = 0
		}
		if length > int64(len(values)) {
			return nil, broken
		}
		cols = append(cols, sqliteColumn{kind, values[:length]})
		values = values[length:]
	}
	return cols, nil
}

// sqliteBlob is the first blob of a row.
func sqliteBlob(row []byte) ([]byte, error) {
	cols, err := sqliteColumns(row)
	if err != nil {
		return nil, err
	}
	for _, c := range cols {
		if c.kind >= 12 && c.kind%2 == 0 {
			return c.bytes, nil
		}
	}
	return nil, errors.New("a row of the SQLite file has no blob")
}

// varint reads SQLite's variable-length number: seven bits a byte, most
// significant first, all eight of a ninth. n is 0 if b is too short.
func varint(b []byte) (v int64, n int) {
	for i, c := range b[:min(len(b), 9)] {
		if i == 8 {
			return v<<8 | int64(c), 9
		}
		v = v<<7 | int64(c&0x7f)
		if c < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}
