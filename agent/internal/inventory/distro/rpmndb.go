package distro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
)

// The sizes and marks of ndb, rpm's own database (lib/backend/ndb/rpmpkg.c).
// All numbers are little endian.
const (
	ndbMagic = "RpmP"
	ndbPage  = 4096
	ndbBlock = 16 // blobs begin and end at a multiple of it
	ndbSlot  = 16
	ndbHead  = 16
	ndbTail  = 12
	ndbFree  = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" // a slot that is not in use, after its mark

	maxSlotPages = 2048 // half a million packages
)

// ndbHeaders yields the blobs of an ndb file. Its header (as large as two
// slots) says how many pages of slots follow; a slot in use names a package's
// number and the blocks in which its blob lies, between a head and a tail with
// a checksum.
func ndbHeaders(f *rpmFile) (headers, error) {
	head, err := f.bytes(0, 2*ndbSlot)
	if err != nil {
		return nil, err
	}
	version, pages := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[12:])
	if version != 0 || pages == 0 || pages > maxSlotPages {
		return nil, fmt.Errorf("its ndb version %d or its %d pages of slots are not known", version, pages)
	}
	slots, err := f.bytes(2*ndbSlot, int64(pages)*ndbPage-2*ndbSlot)
	if err != nil {
		return nil, fmt.Errorf("it is cut short: %w", err)
	}
	return func(yield func([]byte, error) bool) {
		for ; len(slots) > 0; slots = slots[ndbSlot:] {
			if string(slots[:4]) != "Slot" {
				if !yield(nil, errors.New("a slot of the ndb file is broken")) {
					return
				}
				continue
			}
			if string(slots[4:ndbSlot]) == ndbFree {
				continue
			}
			header, err := f.ndbBlob(slots[:ndbSlot])
			if !yield(header, err) || errors.Is(err, errOverlap) {
				return
			}
		}
	}, nil
}

// ndbBlob reads the blob that a slot names.
func (f *rpmFile) ndbBlob(slot []byte) ([]byte, error) {
	number := binary.LittleEndian.Uint32(slot[4:])
	off := int64(binary.LittleEndian.Uint32(slot[8:])) * ndbBlock
	size := int64(binary.LittleEndian.Uint32(slot[12:])) * ndbBlock
	broken := fmt.Errorf("the blob of package %d in the ndb file is broken", number)
	if size < ndbHead+ndbTail {
		return nil, broken
	}
	if err := f.claim(size); err != nil {
		return nil, err
	}
	b, err := f.bytes(off, size)
	if err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(b[12:]))
	body, tail := b[:size-ndbTail], b[size-ndbTail:]
	if string(b[:4]) != "BlbS" || string(tail[8:]) != "BlbE" ||
		binary.LittleEndian.Uint32(b[4:]) != number || length > size-ndbHead-ndbTail ||
		binary.LittleEndian.Uint32(tail) != adler32.Checksum(body) {
		return nil, broken
	}
	return b[ndbHead:][:length], nil
}
