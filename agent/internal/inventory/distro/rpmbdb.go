package distro

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The parts of Berkeley DB's hash format that matter (src/dbinc/db_page.h of
// libdb 5.3; the version of the format has been the same since 4.2).
const (
	bdbHashMagic = 0x00061561

	bdbPageHead = 26 // bytes of a page before its items

	bdbPageHashUnsorted = 2
	bdbPageOverflow     = 7
	bdbPageHashMeta     = 8
	bdbPageHash         = 13

	bdbItemKeyData = 1 // the value lies on the page
	bdbItemOffPage = 3 // the value lies on a chain of overflow pages

	bdbKeyZero = "\x01\x00\x00\x00\x00" // an item on the page: the number 0
)

// bdbFile reads a Berkeley DB hash. Its order is of no use here: all pages are
// read, and the values taken of those that hold items.
type bdbFile struct {
	*rpmFile
	order binary.ByteOrder // of the machine that wrote it
	page  int64
}

// bdbOrder tells the byte order by the magic number at offset 12; nil if it is
// not that of a hash.
func bdbOrder(head []byte) binary.ByteOrder {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		if order.Uint32(head[12:]) == bdbHashMagic {
			return order
		}
	}
	return nil
}

// bdbHeaders yields the values of the hash, all but the one that is no header:
// under key 0 rpm keeps the next package's number.
func bdbHeaders(f *rpmFile) (headers, error) {
	meta, err := f.bytes(0, 92)
	if err != nil {
		return nil, err
	}
	b := &bdbFile{rpmFile: f, order: bdbOrder(meta)}
	b.page = int64(b.order.Uint32(meta[20:]))
	last, keys := int64(b.order.Uint32(meta[32:])), b.order.Uint32(meta[88:])
	encrypted, kind, flags := meta[24], meta[25], meta[26]
	switch {
	case b.page < 512 || b.page > 65536 || b.page&(b.page-1) != 0 || kind != bdbPageHashMeta:
		return nil, errors.New("its first page is not that of a Berkeley DB hash")
	case encrypted != 0 || flags&1 != 0:
		return nil, errors.New("its pages are encrypted or have checksums, which rpm never asks for")
	case (last+1)*b.page > f.size:
		return nil, fmt.Errorf("it is cut short: %d pages of %d bytes are promised, %d bytes are there", last+1, b.page, f.size)
	}
	return func(yield func([]byte, error) bool) {
		found := uint32(0)
		for n := int64(1); n <= last; n++ {
			page, err := b.bytes(n*b.page, b.page)
			if err != nil {
				yield(nil, err)
				return
			}
			if kind := page[25]; kind != bdbPageHash && kind != bdbPageHashUnsorted {
				continue
			}
			found += uint32(b.order.Uint16(page[20:])) / 2
			if !b.values(page, yield) {
				return
			}
		}
		if found != keys {
			yield(nil, fmt.Errorf("the Berkeley DB file has %d values where its first page promises %d", found, keys))
		}
	}, nil
}

// values yields the values on a page. Its head is followed by the offsets of
// its items, keys and values in turn; the items fill the page from its end, so
// that one ends where the one before it begins.
func (b *bdbFile) values(page []byte, yield func([]byte, error) bool) bool {
	items := int(b.order.Uint16(page[20:]))
	if items%2 != 0 || bdbPageHead+2*items > len(page) {
		return yield(nil, errors.New("a page of the Berkeley DB file is broken"))
	}
	item := func(i int) []byte {
		end := len(page)
		if i > 0 {
			end = int(b.order.Uint16(page[bdbPageHead+2*(i-1):]))
		}
		start := int(b.order.Uint16(page[bdbPageHead+2*i:]))
		if start < bdbPageHead+2*items || start >= end || end > len(page) {
			return nil
		}
		return page[start:end]
	}
	for i := 0; i < items; i += 2 {
		key, value := item(i), item(i+1)
		if string(key) == bdbKeyZero && len(value) == len(bdbKeyZero) {
			continue
		}
		header, err := b.value(value)
		if !yield(header, err) || errors.Is(err, errOverlap) {
			return false
		}
	}
	return true
}

// value reads the value that an item is or points to.
func (b *bdbFile) value(item []byte) ([]byte, error) {
	switch {
	case len(item) > 1 && item[0] == bdbItemKeyData:
		return item[1:], b.claim(int64(len(item)))
	case len(item) == 12 && item[0] == bdbItemOffPage:
		return b.overflow(int64(b.order.Uint32(item[4:])), int64(b.order.Uint32(item[8:])))
	}
	return nil, errors.New("an item of the Berkeley DB file is broken")
}

// overflow puts a value of size bytes together from the chain of pages that
// starts at number. All but the last of them are full.
func (b *bdbFile) overflow(number, size int64) ([]byte, error) {
	if err := b.claim(size); err != nil {
		return nil, err
	}
	value := make([]byte, 0, size)
	for int64(len(value)) < size {
		page, err := b.bytes(number*b.page, b.page)
		if err != nil {
			return nil, err
		}
		used := min(b.page-bdbPageHead, size-int64(len(value)))
		if page[25] != bdbPageOverflow || int64(b.order.Uint16(page[22:])) != used {
			return nil, fmt.Errorf("page %d of the Berkeley DB file is not the part of a value that it should be", number)
		}
		value = append(value, page[bdbPageHead:][:used]...)
		number = int64(b.order.Uint32(page[16:]))
	}
	return value, nil
}
