package fetch

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// FuzzLists reads what a publisher or a mirror lists. Whatever it is, no path
// may leave the folder, and no address its publisher's scheme.
func FuzzLists(f *testing.F) {
	archive, err := txtar.ParseFile("testdata/lists.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range archive.Files {
		f.Add(bytes.ReplaceAll(file.Data, []byte("SUM2"), []byte(sumOf(""))))
	}
	f.Add([]byte(`{"version": 1, "files": {"kev.json": {"source": "kev", "sha256": "` + sumOf("") + `"}, "osv/a b/all.zip": {"source": "osv", "sha256": "` + sumOf("x") + `"}}}`))
	s, err := newSession(nil, Options{Mirror: "https://mirror.example.com/a"})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		if href, sum, err := updateinfo(list); err == nil && (!filepath.IsLocal(href) || len(sum) != 64) {
			t.Errorf("updateinfo is at %q with the sum %q", href, sum)
		}
		if times, err := csvTimes(string(list), time.Time{}); err == nil {
			for name := range times {
				if !filepath.IsLocal(name) {
					t.Errorf("a document at %q", name)
				}
			}
		}
		if u, err := amazonMirror(string(list), "https://x"); err == nil && u.Scheme != "https" {
			t.Errorf("a mirror at %s", u)
		}
		var listed state
		if listed.parse(list) != nil {
			return
		}
		for i := range Sources {
			files, err := s.mirrorFiles(want{source: &Sources[i]}, listed.Files)
			if err != nil {
				continue
			}
			for _, file := range files {
				if !filepath.IsLocal(file.path) || !strings.HasPrefix(file.url, "https://mirror.example.com/a/") {
					t.Errorf("%q at %q", file.path, file.url)
				}
			}
		}
	})
}

// FuzzCheck: whatever comes, it is judged without a panic; nothing that is cut
// short passes for JSON.
func FuzzCheck(f *testing.F) {
	for name, content := range map[string]string{
		"a.json": `{"a": [1, {}]}`, "b.json": "[]", "c.json": "\ufeff{}", "a.gz": gzipped("a"), "a.zst": zstded("a"), "a.bz2": "BZh9", "a.zip": "PK\x05\x06",
	} {
		f.Add(name, []byte(content))
	}
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		if check(name, bytes.NewReader(content), int64(len(content))) != nil || filepath.Ext(name) != ".json" {
			return
		}
		whole := bytes.TrimSpace(content)
		if err := check(name, bytes.NewReader(whole[:len(whole)-1]), int64(len(whole)-1)); err == nil && bytes.Count(whole, []byte("}")) < 2 && bytes.Count(whole, []byte("]")) < 2 {
			t.Errorf("%q passes without its end", whole)
		}
	})
}
