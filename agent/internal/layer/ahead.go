package layer

import (
	"io"
	"sync"
)

const (
	aheadChunk  = 256 << 10
	aheadChunks = 4
)

// ahead inflates in a goroutine of its own while the bytes before are being
// looked at, so that a layer takes as long as its decompression and no longer.
type ahead struct {
	full chan chunk
	free chan []byte
	quit chan struct{}
	once sync.Once
	done sync.WaitGroup

	current chunk
	rest    []byte
}

type chunk struct {
	bytes []byte
	err   error // after bytes
}

func readAhead(r io.Reader) *ahead {
	a := &ahead{full: make(chan chunk, aheadChunks), free: make(chan []byte, aheadChunks), quit: make(chan struct{})}
	for range aheadChunks {
		a.free <- make([]byte, aheadChunk)
	}
	a.done.Go(func() { a.fill(r) })
	return a
}

func (a *ahead) fill(r io.Reader) {
	defer close(a.full)
	for {
		select {
		case <-a.quit:
			return
		case b := <-a.free:
			n, err := 0, error(nil)
			for n < len(b) && err == nil {
				var m int
				m, err = r.Read(b[n:])
				n += m
			}
			a.full <- chunk{b[:n], err}
			if err != nil {
				return
			}
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.bytes != nil {
			a.free <- a.current.bytes[:cap(a.current.bytes)]
		}
		var ok bool
		if a.current, ok = <-a.full; !ok {
			return 0, io.ErrClosedPipe
		}
		a.rest = a.current.bytes
	}
	n := copy(p, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// stop ends the goroutine; it returns when nothing reads from r any more.
func (a *ahead) stop() {
	a.once.Do(func() { close(a.quit) })
	for range a.full { // let a blocked fill go on to its end
	}
	a.done.Wait()
}
