package feed

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFeeds reads every fixture through Find and Read, as `db build` does, and
// compares what is emitted with the golden file beside it.
func TestFeeds(t *testing.T) {
	for name, archive := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, folder(t, archive))
			golden := filepath.Join("testdata", strings.TrimSuffix(name, ".txtar")+".golden")
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

// folder makes a file system of a fixture, packed as publishers pack:
//
//   - files below x.zip/ and x.tar.zst/ become entries of that archive, in
//     the fixture's order;
//   - a file called x.gz is compressed;
//   - a file called x.base64 is decoded, and called x (there is no bzip2
//     writer in Go).
func folder(t testing.TB, archive *txtar.Archive) fstest.MapFS {
	t.Helper()
	fsys := make(fstest.MapFS)
	entries := make(map[string][]txtar.File)
	for _, f := range archive.Files {
		if at := packed.FindStringIndex(f.Name); at != nil {
			outer := f.Name[:at[1]-1]
			entries[outer] = append(entries[outer], txtar.File{Name: f.Name[at[1]:], Data: f.Data})
			continue
		}
		name, data := f.Name, f.Data
		switch path.Ext(name) {
		case ".gz":
			data = zipped(t, data)
		case ".base64":
			name = strings.TrimSuffix(name, ".base64")
			var err error
			if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), "")); err != nil {
				t.Fatal(err)
			}
		}
		fsys[name] = &fstest.MapFile{Data: data}
	}
	for outer, files := range entries {
		pack := zipOf
		if strings.HasSuffix(outer, ".tar.zst") {
			pack = tarOf
		}
		fsys[outer] = &fstest.MapFile{Data: pack(t, files)}
	}
	return fsys
}

var packed = regexp.MustCompile(`\.(?:zip|tar\.zst)/`)

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(data)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zipOf(t testing.TB, files []txtar.File) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func tarOf(t testing.TB, files []txtar.File) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	for _, f := range files {
		err := w.WriteHeader(&tar.Header{Name: f.Name, Mode: 0o644, Size: int64(len(f.Data))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Data); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readAll(t *testing.T, fsys fs.FS) string {
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
		p.printf("  %s | %s %s", a.Ecosystem, strings.TrimSpace(a.Package+" "+a.Module), a.FixState)
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
		for _, d := range a.FixDates {
			p.printf("    %s came out on %s", d.Version, date(d.Day))
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
