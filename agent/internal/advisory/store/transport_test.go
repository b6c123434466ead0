package store

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// maxTransport is how much larger than the same facts as sorted tuples under
// zstd -19 an index may be on its way to somebody.
const maxTransport = 1.3

// BenchmarkTransport compares the index of all real feeds with its own facts
// as sorted lines of text under zstd -19, which takes minutes.
func BenchmarkTransport(b *testing.B) {
	data := sharedData(b)
	for b.Loop() {
		var index bytes.Buffer
		if _, err := Compile(context.Background(), &index, data, Options{}); err != nil {
			b.Fatal(err)
		}
		lines := tuples(b, open(b, index.Bytes()))
		packed := zstd19(b, []byte(strings.Join(lines, "\n")))
		again := zstd19(b, index.Bytes())
		ratio := float64(index.Len()) / float64(packed)
		b.ReportMetric(float64(len(lines)), "tuples")
		b.ReportMetric(float64(packed), "tuples-bytes")
		b.ReportMetric(float64(index.Len()), "index-bytes")
		b.ReportMetric(float64(again), "index-zstd19-bytes")
		b.ReportMetric(ratio, "index/tuples")
		if ratio > maxTransport {
			b.Errorf("the index is %.2f times the size of its tuples, more than %.1f", ratio, maxTransport)
		}
	}
}

// tuples are all facts of an index, a line each, sorted, without repetition.
// What severities a CVE gets from the records that name it is not repeated.
func tuples(t testing.TB, x *Index) []string {
	t.Helper()
	var lines []string
	add := func(fields ...any) {
		lines = append(lines, strings.TrimSuffix(fmt.Sprintln(fields...), "\n"))
	}
	for n := range x.dir.records {
		records, err := x.recordBlock(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			add("record", r.ID, r.Feed, r.Modified.Format("2006-01-02"), r.Published.Format("2006-01-02"))
			for _, id := range r.Aliases {
				add("alias", r.ID, id)
			}
			for _, id := range r.Upstream {
				add("upstream", r.ID, id)
			}
			for _, s := range r.Severities {
				add("severity", r.ID, s.Source, s.Method, s.Score)
			}
		}
	}
	err := x.Walk(context.Background(), func(m advisory.Match) error {
		a := m.Affected
		add("affected", a.Ecosystem, a.Package, m.Record.ID, a.Module, a.FixState, statementText(&a, len(a.Severities)))
		for _, f := range a.FixDates {
			add("fixed", a.Ecosystem, a.Package, f.Version, f.Day.Format("2006-01-02"), f.FirstSeen)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = x.WalkFacts(context.Background(), func(cve string, f advisory.Facts) error {
		if f.HasEPSS {
			add("epss", cve, f.EPSS)
		}
		if f.KnownExploited {
			add("kev", cve, f.KEVAdded.Format("2006-01-02"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// zstd19 says to how many bytes zstd -19 compresses data.
func zstd19(t testing.TB, data []byte) int64 {
	t.Helper()
	path, err := exec.LookPath("zstd")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("zstd is missing: install the package zstd")
		}
		t.Skip("zstd is missing: install the package zstd")
	}
	var size counter
	cmd := exec.Command(path, "-19", "-q", "-c")
	cmd.Stdin, cmd.Stdout = bytes.NewReader(data), &size
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return int64(size)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
