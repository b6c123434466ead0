package distro

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
)

// The tags of an rpm header that matter here, and the types of their values
// (rpm's include/rpm/rpmtag.h).
const (
	tagName       = 1000
	tagVersion    = 1001
	tagRelease    = 1002
	tagEpoch      = 1003
	tagArch       = 1022
	tagSourceRPM  = 1044
	tagDirIndexes = 1116
	tagBaseNames  = 1117
	tagDirNames   = 1118
	tagModularity = 5096

	typeInt32       = 4
	typeString      = 6
	typeStringArray = 8
)

// rpmHeader is what a package's header says, as far as it matters.
type rpmHeader struct {
	rpmPackage
	dirIndexes                      []byte // big endian, four bytes each
	dirNames, baseNames             []byte // each ends with a zero byte
	dirCount, baseCount, indexCount uint32
}

// parseRPMHeader reads a header as a database keeps it: the number of index
// entries and of data bytes, then the entries (tag, type, offset, count, each
// a big-endian 32-bit number), then the data. Tags that were added when the
// package was installed come after the ones that it was built with, so the
// last one of a tag counts. Format: rpm's docs/manual/format_header.md.
func parseRPMHeader(b []byte) (*rpmHeader, error) {
	if len(b) < 8 {
		return nil, errors.New("the header is cut short")
	}
	entries, size := int64(u32(b)), int64(u32(b[4:]))
	if entries == 0 || 8+16*entries+size > int64(len(b)) {
		return nil, fmt.Errorf("the header promises %d entries and %d bytes of data but has %d bytes in all", entries, size, len(b))
	}
	index, data := b[8:8+16*entries], b[8+16*entries:][:size]
	h := &rpmHeader{}
	for ; len(index) > 0; index = index[16:] {
		tag, kind, off, count := u32(index), u32(index[4:]), u32(index[8:]), u32(index[12:])
		if err := h.take(tag, kind, off, count, data); err != nil {
			return nil, fmt.Errorf("header of package %.40q, tag %d: %w", h.name, tag, err)
		}
	}
	if h.name == "" || h.version == "" || h.release == "" {
		return nil, fmt.Errorf("the header has no name, version or release (name %.40q)", h.name)
	}
	return h, nil
}

// take reads the value of one tag.
func (h *rpmHeader) take(tag, kind, off, count uint32, data []byte) error {
	var text *string
	switch tag {
	case tagName:
		text = &h.name
	case tagVersion:
		text = &h.version
	case tagRelease:
		text = &h.release
	case tagArch:
		text = &h.arch
	case tagSourceRPM:
		text = &h.sourceRPM
	case tagModularity:
		text = &h.module
	case tagEpoch, tagDirIndexes, tagBaseNames, tagDirNames:
	default:
		return nil
	}
	if uint64(off) > uint64(len(data)) {
		return errors.New("its value lies beyond the header")
	}
	data = data[off:]
	if text != nil {
		end := bytes.IndexByte(data, 0)
		if kind != typeString || end < 0 {
			return errors.New("its value is not a string")
		}
		*text = string(data[:end])
		return nil
	}
	switch tag {
	case tagBaseNames, tagDirNames:
		if kind != typeStringArray {
			return errors.New("its value is not a list of strings")
		}
		if tag == tagBaseNames {
			h.baseNames, h.baseCount = data, count
		} else {
			h.dirNames, h.dirCount = data, count
		}
		return nil
	}
	if kind != typeInt32 || uint64(count)*4 > uint64(len(data)) || count == 0 {
		return errors.New("its value is not a list of numbers")
	}
	if tag == tagEpoch {
		h.epoch = strconv.FormatUint(uint64(u32(data)), 10)
	} else {
		h.dirIndexes, h.indexCount = data[:count*4], count
	}
	return nil
}

// files yields the files of the package: each base name with the folder that
// its index names.
func (h *rpmHeader) files() iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if h.indexCount != h.baseCount {
			yield("", fmt.Errorf("its file list has %d names but %d folders", h.baseCount, h.indexCount))
			return
		}
		dirs := make([]string, 0, min(h.dirCount, h.baseCount))
		for dir, err := range stringArray(h.dirNames, h.dirCount) {
			if err != nil {
				yield("", err)
				return
			}
			dirs = append(dirs, string(dir))
		}
		i := 0
		for base, err := range stringArray(h.baseNames, h.baseCount) {
			if err != nil {
				yield("", err)
				return
			}
			dir := u32(h.dirIndexes[4*i:])
			if uint64(dir) >= uint64(len(dirs)) {
				yield("", fmt.Errorf("its file list names folder %d of %d", dir, len(dirs)))
				return
			}
			if !yield(dirs[dir]+string(base), nil) {
				return
			}
			i++
		}
	}
}

// stringArray yields count strings that each end with a zero byte.
func stringArray(b []byte, count uint32) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for range count {
			end := bytes.IndexByte(b, 0)
			if end < 0 {
				yield(nil, errors.New("its file list is cut short"))
				return
			}
			if !yield(b[:end], nil) {
				return
			}
			b = b[end+1:]
		}
	}
}
