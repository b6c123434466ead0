package store

import (
	"context"
	"errors"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Walk calls visit with every statement of the index, in the order of
// ecosystem, package and record. It reads the index once, a block at a time.
// An error of visit's ends it and is returned as it is.
func (x *Index) Walk(ctx context.Context, visit func(advisory.Match) error) error {
	return errors.New("not done yet")
}
