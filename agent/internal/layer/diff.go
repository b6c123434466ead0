package layer

import (
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
)

// Diff is what a layer does to the tree below it. It keeps names only of
// what is rare (whiteouts, symbolic links) and a hash of every other entry's
// path, so that a layer of a million files costs megabytes.
type Diff struct {
	Symlinks map[string]string // path to target as it stands
	Entries  int64             // entries seen
	Bytes    int64             // of regular files, as their headers say

	// Gaps are wanted files that could not be handed over; their Layer is the
	// walked layer's index.
	Gaps []finding.Gap

	entries   map[uint64]entry // by Hash of the path
	whiteouts map[string]bool
	opaques   map[string]bool
}

type entry uint8

const (
	file   entry = iota + 1 // anything but a directory
	folder                  // a directory: it joins a lower one, but replaces a lower file
)

func newDiff() *Diff {
	return &Diff{
		Symlinks:  map[string]string{},
		entries:   map[uint64]entry{},
		whiteouts: map[string]bool{},
		opaques:   map[string]bool{},
	}
}

// Hides says whether the lower layers' file at p (clean, relative to the root)
// can no longer be seen through this layer: whited out, replaced, or in a
// folder that was.
func (d *Diff) Hides(p string) bool {
	if d.whiteouts[p] || d.opaques[""] {
		return true
	}
	h := uint64(fnvOffset)
	for i := 0; i < len(p); i++ {
		if p[i] == '/' {
			if d.entries[h] == file || d.whiteouts[p[:i]] || d.opaques[p[:i]] {
				return true
			}
		}
		h = (h ^ uint64(p[i])) * fnvPrime
	}
	return d.entries[h] != 0
}

// Empty says that the layer changed nothing.
func (d *Diff) Empty() bool {
	return d.Entries == 0
}

// 64-bit FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/): it is made byte
// by byte, so one pass over a path gives the hash of each of its folders. An
// image whose author finds a collision can hide a file of a lower layer, which
// its author can do with a whiteout just as well.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// Hash is the 64-bit FNV-1a hash of a path.
func Hash(p string) uint64 {
	h := uint64(fnvOffset)
	for i := 0; i < len(p); i++ {
		h = (h ^ uint64(p[i])) * fnvPrime
	}
	return h
}

// under says whether p lies in folder dir.
func under(p, dir string) bool {
	return len(p) > len(dir) && p[len(dir)] == '/' && strings.HasPrefix(p, dir)
}
