package store

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// BenchmarkCompile compiles all real feeds, from their files to an index.
func BenchmarkCompile(b *testing.B) {
	data := sharedData(b)
	b.ReportAllocs()
	for b.Loop() {
		report, err := Compile(context.Background(), io.Discard, data, Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(report.Info.Size), "index-bytes")
	}
}

// BenchmarkOpen opens the embedded index.
func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		x, err := Embedded()
		if err != nil {
			b.Fatal(err)
		}
		x.Close()
	}
}

// BenchmarkLookup2000 opens an index and looks up 2,000 packages, as a scan
// of a large Debian image does.
func BenchmarkLookup2000(b *testing.B) {
	index := embedded(b)
	var names []string
	for i := range index.dir.packages {
		raw, err := index.read(index.dir.packages[i])
		if err != nil {
			b.Fatal(err)
		}
		block, err := decodePackages(raw)
		if err != nil {
			b.Fatal(err)
		}
		for _, key := range block.keys {
			if name, ok := strings.CutPrefix(key, "Debian\x00"); ok && len(names) < 2000 {
				names = append(names, name)
			}
		}
	}
	var matches int
	for b.Loop() {
		x, err := Embedded()
		if err != nil {
			b.Fatal(err)
		}
		matches = 0
		for _, name := range names {
			found, err := x.Lookup("Debian:11", name)
			if err != nil {
				b.Fatal(err)
			}
			matches += len(found)
		}
		x.Close()
	}
	b.ReportMetric(float64(len(names)), "packages")
	b.ReportMetric(float64(matches), "matches")
}

// BenchmarkVerify hashes the embedded index.
func BenchmarkVerify(b *testing.B) {
	x := embedded(b)
	b.SetBytes(x.Info().Size)
	for b.Loop() {
		if err := x.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}

func embedded(t testing.TB) *Index {
	t.Helper()
	x, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// opened compiles a folder's sources and opens what comes out.
func opened(t testing.TB, compile func(w io.Writer) error) *Index {
	t.Helper()
	var b bytes.Buffer
	if err := compile(&b); err != nil {
		t.Fatal(err)
	}
	x, err := OpenReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}
