package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// maxResident bounds the memory of a compilation, whatever its input.
const maxResident = 1 << 30

// childFolder tells a child process of the tests what to compile.
const childFolder = "LAYERGATE_TEST_COMPILE"

// TestMain runs the tests, or is the child process in which BenchmarkScale
// measures a compilation's memory.
func TestMain(m *testing.M) {
	folder := os.Getenv(childFolder)
	if folder == "" {
		os.Exit(m.Run())
	}
	if _, err := Build(context.Background(), os.DirFS(folder), filepath.Join(folder, "test.idx"), Options{TempDir: folder}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// BenchmarkScale shows what happens to memory, opening and lookups when there
// is ten times as much: compiled in a process of its own, then opened cold and
// asked for 2,000 packages.
func BenchmarkScale(b *testing.B) {
	for _, times := range []int{1, 10} {
		b.Run(fmt.Sprintf("%dx", times), func(b *testing.B) {
			folder := replay(b, times)
			for b.Loop() {
				resident := compileInChild(b, folder)
				b.ReportMetric(float64(resident)/1e6, "compile-peak-MB")
				if resident > maxResident {
					b.Errorf("compiling took %d MB of memory, more than %d", resident>>20, maxResident>>20)
				}
				useCold(b, filepath.Join(folder, "test.idx"))
			}
			b.ReportMetric(0, "ns/op") // of no meaning
		})
	}
}

// compileInChild gives the most memory that a compilation had at a time.
func compileInChild(b *testing.B, folder string) (bytes int64) {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childFolder+"="+folder)
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	state := cmd.ProcessState
	b.ReportMetric(time.Since(start).Seconds(), "compile-s")
	b.ReportMetric((state.UserTime() + state.SystemTime()).Seconds(), "compile-cpu-s")
	return state.SysUsage().(*syscall.Rusage).Maxrss << 10 // Linux counts KiB
}

// useCold opens an index and looks 2,000 packages of Debian up, several times
// from the beginning, and reports the best: other work on the machine only
// makes it slower.
func useCold(b *testing.B, path string) {
	b.Helper()
	names := someNames(b, path, "Debian", 2000)
	opening, looking := time.Hour, time.Hour
	for range 10 {
		start := time.Now()
		x, err := Open(path)
		if err != nil {
			b.Fatal(err)
		}
		opening = min(opening, time.Since(start))
		start = time.Now()
		matches := 0
		for _, name := range names {
			found, err := x.Lookup("Debian:11", name)
			if err != nil {
				b.Fatal(err)
			}
			matches += len(found)
		}
		looking = min(looking, time.Since(start))
		b.ReportMetric(float64(matches), "matches")
		b.ReportMetric(float64(x.Info().Counts.Records), "records")
		b.ReportMetric(float64(x.Info().Counts.Statements), "statements")
		b.ReportMetric(float64(x.Info().Size), "index-bytes")
		x.Close()
	}
	b.ReportMetric(float64(opening.Microseconds())/1000, "open-ms")
	b.ReportMetric(float64(looking.Microseconds())/1000, "2000-lookups-ms")
}

// someNames picks packages of an ecosystem by chance, the same each time, of
// those that the real feeds have.
func someNames(b *testing.B, path, ecosystem string, n int) []string {
	b.Helper()
	x, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer x.Close()
	var names []string
	for _, block := range x.dir.packages {
		decoded, err := x.packageBlock(block)
		if err != nil {
			b.Fatal(err)
		}
		for _, key := range decoded.keys {
			name, ok := strings.CutPrefix(key, ecosystem+"\x00")
			if ok && !replayedName.MatchString(name) {
				names = append(names, name)
			}
		}
	}
	if len(names) < n {
		b.Fatalf("%d packages of %s", len(names), ecosystem)
	}
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:n]
}
