// Package layer reads a layer once, as a stream: it hands the wanted files to
// a Visitor as they pass and remembers what the layer did to the tree below it
// (the Diff), so that the final view of an image can be told without ever
// unpacking one.
//
// Where the stored bytes can be sought (an uncompressed tar in a file), bytes
// that nobody wants are skipped, not read.
package layer

import (
	"context"
	"io"
	"io/fs"
)

// File is a regular file of a layer. Path is clean, slash-separated, relative
// to the root, and never escapes it.
type File struct {
	Path string
	Mode fs.FileMode
	Size int64
}

// HeadSize is how many first bytes Peek gets at most.
const HeadSize = 512

// Want is a Visitor's interest in a file.
type Want uint8

// The interests, in ascending order.
const (
	Skip Want = iota // nothing of it
	Peek             // the first HeadSize bytes decide
	Take             // all of it
)

// Visitor is told of every regular file of a layer and gets the ones that it
// wants. Its methods are called from one goroutine per layer.
type Visitor interface {
	// Want says what is needed of f, from its name, mode and size alone.
	Want(f File) Want
	// Peek says, from f's first bytes, whether all of it is needed.
	Peek(f File, head []byte) bool
	// Take gets a wanted file. content is valid until Take returns. What the
	// visitor cannot make sense of is its own to record: an error from Take
	// ends the walk.
	Take(ctx context.Context, f File, content *io.SectionReader) error
	// Alias says that path is a hard link to target, which was taken.
	Alias(path, target string)
	// Drop says that the layer itself replaced path, which was taken before.
	Drop(path string)
}

// Options are the walk's choices and limits.
type Options struct {
	Verify  bool   // hash the uncompressed bytes and compare with the diff ID
	TempDir string // for wanted files of a stream that are too large for memory; "" is the system's

	MaxEntries int64 // entries of one layer; 0 means 20 million
	MaxFile    int64 // bytes of one wanted file; 0 means 4 GiB: PyTorch's libraries have more than one
}

func (o Options) withDefaults() Options {
	if o.MaxEntries == 0 {
		o.MaxEntries = 20_000_000
	}
	if o.MaxFile == 0 {
		o.MaxFile = 4 << 30
	}
	return o
}
