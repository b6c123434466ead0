package feed

import (
	"archive/zip"
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFeeds reads every fixture through Find and Read, as `db build` does, and
// compares what is emitted with the golden file beside it.
func TestFeeds(t *testing.T) {
	fixtures, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(fixtures) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, name := range fixtures {
		t.Run(filepath.Base(name), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := readAll(t, folder(t, archive))
			golden := strings.TrimSuffix(name, ".txtar") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// folder makes a file system of a fixture; files below x.zip/ become entries
// of x.zip.
func folder(t testing.TB, archive *txtar.Archive) fstest.MapFS {
	t.Helper()
	fsys := make(fstest.MapFS)
	zips := make(map[string]*zip.Writer)
	buffers := make(map[string]*bytes.Buffer)
	for _, f := range archive.Files {
		outer, inner, zipped := strings.Cut(f.Name, ".zip/")
		if !zipped {
			fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			continue
		}
		outer += ".zip"
		if zips[outer] == nil {
			buffers[outer] = new(bytes.Buffer)
			zips[outer] = zip.NewWriter(buffers[outer])
		}
		w, err := zips[outer].Create(inner)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	for name, z := range zips {
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: buffers[name].Bytes()}
	}
	return fsys
}

func readAll(t *testing.T, fsys fstest.MapFS) string {
	t.Helper()
	units, err := Find(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, u := range units {
		fmt.Fprintf(&out, "== %s: %s, feed %s\n", u.Path, u.Source, u.Feed.Name)
		if err := u.Feed.Read(context.Background(), fsys, u, (*printed)(&out)); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// printed is a Sink that writes down what it gets.
type printed strings.Builder

func (p *printed) printf(format string, args ...any) {
	fmt.Fprintf((*strings.Builder)(p), format+"\n", args...)
}

func (p *printed) Skip(reason, record string) { p.printf("skip %s (%s)", reason, record) }
func (p *printed) Date(t time.Time)           { p.printf("date %s", t.Format(time.DateOnly)) }

func (p *printed) Facts(cve string, f advisory.Facts) error {
	p.printf("facts %s kev=%v %s epss=%v %v", cve, f.KnownExploited, date(f.KEVAdded), f.HasEPSS, f.EPSS)
	return nil
}

func (p *printed) Record(r *advisory.Record) error {
	p.printf("record %s feed=%s aliases=%v upstream=%v modified=%s published=%s", r.ID, r.Feed, r.Aliases, r.Upstream, date(r.Modified), date(r.Published))
	for _, s := range r.Severities {
		p.printf("  %s %s %s", s.Source, s.Method, s.Score)
	}
	for _, a := range r.Affected {
		p.printf("  %s | %s %s", a.Ecosystem, a.Package, a.FixState)
		for _, r := range a.Ranges {
			line := [...]string{"ecosystem", "semver"}[r.Type]
			for _, e := range r.Events {
				line += fmt.Sprintf(" %s=%s", [...]string{"introduced", "fixed", "last_affected", "limit"}[e.Kind], e.Version)
			}
			p.printf("    %s", line)
		}
		if len(a.Versions) > 0 {
			p.printf("    versions %v", a.Versions)
		}
		for _, s := range a.Severities {
			p.printf("    %s %s %s", s.Source, s.Method, s.Score)
		}
	}
	return nil
}

func date(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format(time.DateOnly)
}
