package store

import (
	"bufio"
	"bytes"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// runWindow is how far back a run's compression looks: it bounds what reading
// a run costs in memory.
const runWindow = 256 << 10

// run is a temporary file of pairs in order, compressed. It has no name, so
// that nothing is left behind however we end.
type run struct{ f *os.File }

func (r *run) close() { r.f.Close() } // there is nothing to lose

// writeRun makes a run of the pairs that fill writes.
func writeRun(dir string, fill func(write func(key, value []byte) error) error) (*run, error) {
	f, err := os.CreateTemp(dir, "layergate-*")
	if err != nil {
		return nil, err
	}
	r := &run{f}
	if err := os.Remove(f.Name()); err != nil {
		r.close()
		return nil, fmt.Errorf("unlinking a temporary file: %w", err)
	}
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(runWindow))
	if err != nil {
		r.close()
		return nil, err
	}
	w := bufio.NewWriterSize(z, 64<<10)
	var e encoder
	err = fill(func(key, value []byte) error {
		e.b = e.b[:0]
		e.int(len(key))
		e.int(len(value))
		for _, b := range [...][]byte{e.b, key, value} {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, w.Flush(), z.Close()); err != nil {
		r.close()
		return nil, firstOf(err)
	}
	return r, nil
}

// firstOf is the first of joined errors: a writer that failed says the same
// again when it is closed.
func firstOf(err error) error {
	if list, ok := err.(interface{ Unwrap() []error }); ok {
		return list.Unwrap()[0]
	}
	return err
}

// runReader is at one pair of a run.
type runReader struct {
	order      int // the run's place among those that are merged
	z          *zstd.Decoder
	b          *bufio.Reader
	key, value []byte
}

func (r *run) reader(order int) (*runReader, error) {
	z, err := zstd.NewReader(io.NewSectionReader(r.f, 0, 1<<62), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &runReader{order: order, z: z, b: bufio.NewReader(z)}, nil
}

// next goes to the next pair; io.EOF behind the last.
func (r *runReader) next() error {
	key, err := binary.ReadUvarint(r.b)
	if err != nil {
		return err
	}
	value, err := binary.ReadUvarint(r.b)
	if err != nil {
		return err
	}
	r.key = resized(r.key, int(key))
	r.value = resized(r.value, int(value))
	if _, err := io.ReadFull(r.b, r.key); err != nil {
		return err
	}
	_, err = io.ReadFull(r.b, r.value)
	return err
}

func resized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n, 2*n)
	}
	return b[:n]
}

// runHeap has the reader at the least pair on top.
type runHeap []*runReader

func (h runHeap) Len() int      { return len(h) }
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h runHeap) Less(i, j int) bool {
	c := bytes.Compare(h[i].key, h[j].key)
	return c < 0 || c == 0 && h[i].order < h[j].order
}
func (h *runHeap) Push(x any) { *h = append(*h, x.(*runReader)) }
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// mergeRuns visits the pairs of all runs in order, those of the same key in
// the order of the runs.
func mergeRuns(runs []*run, visit func(key, value []byte) error) error {
	var h runHeap
	for i, r := range runs {
		reader, err := r.reader(i)
		if err != nil {
			return reading(err)
		}
		defer reader.z.Close()
		switch err := reader.next(); err {
		case nil:
			h = append(h, reader)
		case io.EOF:
		default:
			return reading(err)
		}
	}
	heap.Init(&h)
	for len(h) > 0 {
		if err := visit(h[0].key, h[0].value); err != nil {
			return err
		}
		switch err := h[0].next(); err {
		case nil:
			heap.Fix(&h, 0)
		case io.EOF:
			heap.Pop(&h)
		default:
			return reading(err)
		}
	}
	return nil
}

func reading(err error) error { return fmt.Errorf("reading a temporary file back: %w", err) }
