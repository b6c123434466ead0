package feed

import (
	"archive/zip"
	"bytes"
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"
)

// TestBrokenFiles checks that a file which is not whole, or not what it is
// called, is an error and says so.
func TestBrokenFiles(t *testing.T) {
	fixture := func(name string) fstest.MapFS {
		archive, err := txtar.ParseFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return folder(t, archive)
	}
	cut := func(b []byte) []byte { return b[:len(b)*2/3] }
	osv, secdb, debian, facts := fixture("osv.txtar"), fixture("secdb.txtar"), fixture("debian.txtar"), fixture("facts.txtar")
	for _, test := range []struct {
		name, path string
		data       []byte
		want       string
	}{
		{"zip cut short", "osv/Go/all.zip", cut(osv["osv/Go/all.zip"].Data),
			"reading osv/Go/all.zip: not a whole zip archive; fetch it again"},
		{"zip entry damaged", "osv/Go/all.zip", damaged(t),
			"reading osv/Go/all.zip: GO-2024-2598.json: zip: checksum error"},
		{"record cut short", "osv/Go/GO-2024-2598.json", []byte(`{"id": "GO`),
			"reading osv/Go/GO-2024-2598.json: not a whole OSV record"},
		{"secdb cut short", "v3.18/main.json", cut(secdb["alpine-secdb/v3.18/main.json"].Data),
			"reading v3.18/main.json: the file is cut short; fetch it again"},
		{"secdb of another thing", "v3.18/main.json", []byte(`{"packages": []}`),
			`reading v3.18/main.json: not the secdb of Alpine v3.18: its distroversion is ""`},
		{"secdb with a tail", "v3.18/main.json", append(bytes.Clone(secdb["alpine-secdb/v3.18/main.json"].Data), "{}"...),
			"reading v3.18/main.json: something follows the document"},
		{"tracker cut short", "debian-tracker.json", cut(debian["debian-tracker-2023-07-14.json"].Data),
			"reading debian-tracker.json: the file is cut short; fetch it again"},
		{"tracker is a page", "debian-tracker.json", []byte("<html>429</html>"),
			"reading debian-tracker.json: not the security tracker's JSON"},
		{"tracker is a list", "debian-tracker.json", []byte("[]"),
			"reading debian-tracker.json: not the security tracker's JSON"},
		{"catalogue cut short", "kev.json", cut(facts["kev.json"].Data),
			"reading kev.json: the file is cut short; fetch it again"},
		{"catalogue lacks entries", "kev.json", bytes.Replace(facts["kev.json"].Data, []byte(`"count": 3`), []byte(`"count": 1404`), 1),
			"reading kev.json: not a whole KEV catalogue: its count does not agree with its 3 entries"},
		{"scores without columns", "epss.csv.gz", zipped(t, []byte("CVE-1999-0001,0.1,0.2\n")),
			`reading epss.csv.gz: the columns are not "cve,epss,percentile"`},
		{"no scores", "epss.csv.gz", zipped(t, nil), "reading epss.csv.gz: no scores in it"},
		{"scores are a page", "epss.csv.gz", []byte("<html>429</html>"), "reading epss.csv.gz: gzip: invalid header"},
		{"scores cut short", "epss.csv.gz", cut(facts["epss.csv.gz"].Data),
			"reading epss.csv.gz: the file is cut short; fetch it again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := fstest.MapFS{test.path: {Data: test.data}}
			units, err := Find(fsys)
			if err != nil || len(units) != 1 {
				t.Fatalf("%d units, %v", len(units), err)
			}
			err = units[0].Feed.Read(context.Background(), fsys, units[0], strict{t})
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// damaged is an archive whose one entry does not have its checksum.
func damaged(t *testing.T) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	record := []byte(`{"id": "GO-2024-2598"}`)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "GO-2024-2598.json", CRC32: 1,
		CompressedSize64: uint64(len(record)), UncompressedSize64: uint64(len(record))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestEndless checks that a file which does not end is an error before it
// fills the memory.
func TestEndless(t *testing.T) {
	for p, start := range map[string]string{
		"wolfi/security.json":      `{"packages": [{"pkg": {"name": "`,
		"debian-tracker.json":      `{"openssl": {"`,
		"osv/Go/GO-2024-2598.json": `{"id": "`,
		"osv/Go/all.zip":           "PK\x03\x04",
	} {
		t.Run(p, func(t *testing.T) {
			fsys := endless{p, start}
			u, ok := unitAt(p)
			if !ok {
				t.Fatal("not claimed")
			}
			if err := u.Feed.Read(context.Background(), fsys, u, strict{t}); err == nil || !strings.Contains(err.Error(), p) {
				t.Error(err)
			}
		})
	}
}

// endless is a folder with one file, which goes on with the letter x for ever.
type endless struct{ name, start string }

func (e endless) Open(string) (fs.File, error) {
	return &endlessFile{e, strings.NewReader(e.start)}, nil
}

type endlessFile struct {
	endless
	head *strings.Reader
}

func (f *endlessFile) Close() error               { return nil }
func (f *endlessFile) Stat() (fs.FileInfo, error) { return f, nil }
func (f *endlessFile) Read(p []byte) (int, error) {
	if f.head.Len() > 0 {
		return f.head.Read(p)
	}
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What a file system says of such a file.
func (f *endlessFile) Name() string       { return f.name }
func (f *endlessFile) Size() int64        { return 1 << 40 }
func (f *endlessFile) Mode() fs.FileMode  { return 0o644 }
func (f *endlessFile) ModTime() time.Time { return time.Time{} }
func (f *endlessFile) IsDir() bool        { return false }
func (f *endlessFile) Sys() any           { return nil }
