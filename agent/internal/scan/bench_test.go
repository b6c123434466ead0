package scan

import (
	"context"
	"io"
	"os"
	"testing"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/inventory/distro"
	"github.com/layergate/layergate/agent/internal/layer"
	"github.com/layergate/layergate/agent/internal/source"
)

// nothing wants no file: what is left is the walk itself.
type nothing struct{}

func (nothing) Want(layer.File) layer.Want                                { return layer.Skip }
func (nothing) Peek(layer.File, []byte) bool                              { return false }
func (nothing) Take(context.Context, layer.File, *io.SectionReader) error { return nil }
func (nothing) Alias(string, string)                                      {}
func (nothing) Drop(string)                                               {}

// benchImage is the image that testdata/bench builds; see the Makefile.
func benchImage(b *testing.B) *image.Image {
	path := os.Getenv("LAYERGATE_BENCH_IMAGE")
	if path == "" {
		b.Skip("LAYERGATE_BENCH_IMAGE names no image")
	}
	img, err := source.Open(context.Background(), path, source.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { img.Close() })
	return img
}

func BenchmarkWalk(b *testing.B) {
	img := benchImage(b)
	for b.Loop() {
		var entries int64
		for _, l := range img.Layers {
			if l.Empty {
				continue
			}
			d, err := layer.Walk(context.Background(), l, nothing{}, layer.Options{})
			if err != nil {
				b.Fatal(err)
			}
			entries += d.Entries
		}
		b.ReportMetric(float64(entries), "entries")
	}
}

func BenchmarkInventory(b *testing.B) {
	img := benchImage(b)
	for b.Loop() {
		layers, _, err := Options{}.read(context.Background(), img)
		if err != nil {
			b.Fatal(err)
		}
		inv, _ := inventory.Fold(layers, distro.Identify)
		b.ReportMetric(float64(len(inv.Packages)), "packages")
	}
}
