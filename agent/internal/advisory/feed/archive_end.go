package feed

import "io"

// openArchive finds the directory of an archive of size bytes.
func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	end, at, err := zipEnd(r, size)
	if err != nil {
		return nil, err
	}
	entries, length, offset := uint64(little.Uint16(end[10:])), uint64(little.Uint32(end[12:])), uint64(little.Uint32(end[16:]))
	if entries == 0xffff || length == 0xffffffff || offset == 0xffffffff {
		if entries, length, offset, at, err = zip64End(r, at); err != nil {
			return nil, err
		}
	}
	if offset > uint64(at) || length != uint64(at)-offset || entries > length/zipEntrySize {
		return nil, errNotZip
	}
	return &archive{r: r, entries: entries, dir: io.NewSectionReader(r, int64(offset), int64(length))}, nil
}

// zipEnd finds the record that ends an archive, behind which there is only a
// comment.
func zipEnd(r io.ReaderAt, size int64) (end []byte, at int64, err error) {
	tail := make([]byte, min(size, zipEndSize+0xffff))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return nil, 0, err
	}
	for i := len(tail) - zipEndSize; i >= 0; i-- {
		if little.Uint32(tail[i:]) == zipEndSig && i+zipEndSize+int(little.Uint16(tail[i+20:])) == len(tail) {
			return tail[i:], size - int64(len(tail)-i), nil
		}
	}
	return nil, 0, errNotZip
}

// zip64End reads the larger record that lies before the one at the end.
func zip64End(r io.ReaderAt, at int64) (entries, length, offset uint64, start int64, err error) {
	var where [zip64WhereSize]byte
	if at < int64(len(where)) {
		return 0, 0, 0, 0, errNotZip
	}
	if _, err := r.ReadAt(where[:], at-int64(len(where))); err != nil {
		return 0, 0, 0, 0, err
	}
	place := little.Uint64(where[8:])
	if little.Uint32(where[:]) != zip64WhereSig || place > uint64(at) {
		return 0, 0, 0, 0, errNotZip
	}
	var end [zip64EndSize]byte
	if _, err := r.ReadAt(end[:], int64(place)); err != nil {
		return 0, 0, 0, 0, err
	}
	if little.Uint32(end[:]) != zip64EndSig {
		return 0, 0, 0, 0, errNotZip
	}
	return little.Uint64(end[32:]), little.Uint64(end[40:]), little.Uint64(end[48:]), int64(place), nil
}
