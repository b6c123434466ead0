package scan

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// read reads all layers, several at a time. The first that fails ends it: an
// image of which a layer is missing cannot be judged.
func (o Options) read(ctx context.Context, img *image.Image) ([]inventory.Layer, []finding.Gap, error) {
	var full []image.Layer
	for _, l := range img.Layers {
		if !l.Empty {
			full = append(full, l)
		}
	}
	layers := make([]inventory.Layer, len(full))
	formats := extractors()
	group, ctx := errgroup.WithContext(ctx)
	// One layer keeps a core busy; a third waits for the network or the disk
	// meanwhile. Memory is bounded per layer.
	group.SetLimit(max(3, runtime.GOMAXPROCS(0)))
	var mu sync.Mutex
	done := 0
	o.progress(Event{Stage: "reading", Layers: len(full), Source: img.Source})
	for i, l := range full {
		group.Go(func() error {
			reader := inventory.NewReader(formats)
			diff, err := layer.Walk(ctx, l, reader, layer.Options{Verify: o.Verify, TempDir: o.TempDir})
			layers[i] = inventory.Layer{Index: l.Index, Reader: reader, Diff: diff}
			mu.Lock()
			defer mu.Unlock()
			done++
			o.progress(Event{Stage: "reading", Layer: done, Layers: len(full), Source: img.Source})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	var gaps []finding.Gap
	for _, l := range layers {
		gaps = append(gaps, l.Diff.Gaps...)
	}
	return layers, gaps, nil
}
