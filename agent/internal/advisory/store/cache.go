package store

import (
	"container/list"
	"sync"
)

// cache keeps the decoded blocks that were used last. It is safe for
// concurrent use.
type cache[T any] struct {
	mu    sync.Mutex
	size  int
	order list.List // of cached[T], the one used last in front
	at    map[int]*list.Element
}

type cached[T any] struct {
	key   int
	value T
}

func newCache[T any](size int) *cache[T] {
	return &cache[T]{size: size, at: make(map[int]*list.Element)}
}

// largestKept is the largest block, in bytes once decompressed, that is kept:
// one that is larger holds a single package, and a hostile index has only such.
const largestKept = 1 << 20

// get gives the value of a key, from load if it is not there. Two callers may
// load the same one at the same time; that costs time and nothing else.
func (c *cache[T]) get(key int, b block, load func() (T, error)) (T, error) {
	if b.raw > largestKept {
		return load()
	}
	c.mu.Lock()
	if e, ok := c.at[key]; ok {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(cached[T]).value, nil
	}
	c.mu.Unlock()
	value, err := load()
	if err != nil {
		return value, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.at[key]; !ok {
		c.at[key] = c.order.PushFront(cached[T]{key, value})
		if c.order.Len() > c.size {
			oldest := c.order.Back()
			c.order.Remove(oldest)
			delete(c.at, oldest.Value.(cached[T]).key)
		}
	}
	return value, nil
}
