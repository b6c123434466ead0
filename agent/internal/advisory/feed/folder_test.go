package feed

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestOpen reads the same advisories from a folder, from zip archives of it
// and file by file, and checks that they say the same.
func TestOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "advisories")
	var files []txtar.File
	for _, name := range []string{"chainguard.txtar", "facts.txtar", "secdb.txtar", "osv-publishers.txtar"} {
		for p, f := range folder(t, fixtures(t)[name]) {
			data := f.Data
			if p == "osv/Go/all.zip" {
				data = padded(t, data)
			}
			files = append(files, txtar.File{Name: p, Data: data})
			writeFile(t, filepath.Join(dir, filepath.FromSlash(p)), data)
		}
	}
	want := openAll(t, dir, t.TempDir())
	if n := strings.Count(want, "\nrecord "); n < 50 {
		t.Fatalf("%d records in the folder", n)
	}
	inside := make([]txtar.File, len(files))
	for i, f := range files {
		inside[i] = txtar.File{Name: "advisories/" + f.Name, Data: f.Data}
	}
	for name, list := range map[string][]txtar.File{"flat.zip": files, "below.zip": inside} {
		t.Run(name, func(t *testing.T) {
			p, spool := filepath.Join(t.TempDir(), name), t.TempDir()
			writeFile(t, p, zipOf(t, list))
			if got := openAll(t, p, spool); got != want {
				t.Errorf("got %d bytes:\n%.2000s\nwant %d", len(got), got, len(want))
			}
			if left, err := os.ReadDir(spool); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	for section := range strings.SplitSeq(want, "== ") {
		p, _, _ := strings.Cut(section, ":")
		if p == "" {
			continue
		}
		t.Run(p, func(t *testing.T) {
			got := openAll(t, filepath.Join(dir, filepath.FromSlash(p)), t.TempDir())
			// The path may be longer or shorter.
			_, got, _ = strings.Cut(got, ": ")
			if got == "" || !strings.HasSuffix(section, got) {
				t.Errorf("got %.2000s", got)
			}
		})
	}
}

// padded is a zip archive with so much in it besides records that it is
// spooled where it lies in another archive.
func padded(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		if err := w.Copy(f); err != nil {
			t.Fatal(err)
		}
	}
	pad, err := w.CreateHeader(&zip.FileHeader{Name: "padding.txt", Method: zip.Store})
	if err == nil {
		_, err = pad.Write(make([]byte, maxInMemory))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// openAll is what all files of a folder, an archive or a file say.
func openAll(t *testing.T, name, spool string) string {
	t.Helper()
	f, err := Open(name, spool)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	return readAll(t, f.FS)
}

func writeFile(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "notes.txt"), []byte("x"))
	writeFile(t, filepath.Join(dir, "cut.zip"), []byte("PK\x03\x04"))
	for name, want := range map[string]string{
		"none":      "no such file",
		"notes.txt": "no publisher's file is called",
		"cut.zip":   "not a whole zip archive",
	} {
		_, err := Open(filepath.Join(dir, name), dir)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSpoolFails checks that an archive which cannot be spooled is an error.
func TestSpoolFails(t *testing.T) {
	p := filepath.Join(t.TempDir(), "advisories.zip")
	writeFile(t, p, zipOf(t, []txtar.File{{Name: "osv/Go/all.zip", Data: make([]byte, maxInMemory+1)}}))
	f, err := Open(p, filepath.Join(t.TempDir(), "missing"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	units, err := Find(f.FS)
	if err != nil || len(units) != 1 {
		t.Fatalf("%v, %v", units, err)
	}
	err = units[0].Feed.Read(context.Background(), f.FS, units[0], strict{t})
	if err == nil || !strings.Contains(err.Error(), "unpacking osv/Go/all.zip: making a temporary file") {
		t.Error(err)
	}
}
