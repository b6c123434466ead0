package store

import (
	"bytes"
	"context"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write default.idx and golden files anew")

// sharedData is the folder of real feeds; the test is skipped without it.
func sharedData(t testing.TB) fs.FS {
	t.Helper()
	dir := os.Getenv("LAYERGATE_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "..", "shared")
	}
	dir = filepath.Join(dir, "data")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no real feeds: set LAYERGATE_SHARED to the folder that has data/ (%v)", err)
	}
	return os.DirFS(dir)
}

// TestDefaultIndex checks that the embedded index is what its sources give.
func TestDefaultIndex(t *testing.T) {
	data := sharedData(t)
	var b bytes.Buffer
	report, err := Compile(context.Background(), &b, data, Options{Time: DefaultTime, Sources: DefaultSources()})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range report.Sources {
		t.Logf("%-15s %s %6d records %6d packages", s.Name, s.Date.Format("2006-01-02"), s.Records, s.Packages)
		for _, k := range s.Skipped {
			t.Logf("    left out %6d: %s (%s)", k.Count, k.Reason, k.Examples[0])
		}
	}
	t.Logf("%+v", report.Info.Counts)
	if *update {
		if err := os.WriteFile("default.idx", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("default.idx")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), committed) {
		t.Errorf("default.idx (%d bytes) is not what its sources give (%d bytes); run the test with -update", len(committed), b.Len())
	}
}

// TestNotice checks that NOTICE credits each source of the embedded index.
func TestNotice(t *testing.T) {
	notice, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "NOTICE"))
	if err != nil {
		t.Fatal(err)
	}
	info := embedded(t).Info()
	if len(info.Sources) < len(DefaultSources()) {
		t.Errorf("%d sources are embedded, of %d", len(info.Sources), len(DefaultSources()))
	}
	for _, s := range info.Sources {
		if s.URL == "" || !strings.Contains(string(notice), s.URL) {
			t.Errorf("NOTICE does not have the address %q of %s", s.URL, s.Name)
		}
		if day := s.Date.Format("2006-01-02"); !strings.Contains(string(notice), day) {
			t.Errorf("NOTICE does not have the date %s of %s", day, s.Name)
		}
	}
	if !info.Built.Equal(DefaultTime) || !info.Newest.Equal(DefaultTime) {
		t.Errorf("built %v, newest %v, want both %v", info.Built, info.Newest, DefaultTime)
	}
}
