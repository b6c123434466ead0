package distro

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

func BenchmarkDpkg(b *testing.B) { bench(b, Dpkg(), "/var/lib/dpkg/status") }

func BenchmarkRPM(b *testing.B) {
	for _, name := range []string{"cbl-mariner-2.0/rpmdb.sqlite", "sle15-bci/Packages.db"} {
		b.Run(filepath.Base(name), func(b *testing.B) { bench(b, RPM(), shared(b, "rpmdb/"+name)) })
	}
}

// bench extracts one file, packages told as a metric.
func bench(b *testing.B, e inventory.Extractor, file string) {
	content, err := os.ReadFile(file)
	if err != nil {
		b.Skip(err)
	}
	f := layer.File{Path: file, Size: int64(len(content))}
	b.SetBytes(f.Size)
	b.ReportAllocs()
	packages := 0
	for b.Loop() {
		c, err := e.Extract(context.Background(), f, section(content))
		if err != nil {
			b.Fatal(err)
		}
		packages = len(c.Packages)
	}
	b.ReportMetric(float64(packages), "packages")
}
