package feed

import (
	"bytes"
	"context"
	"errors"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// published are the paths that a folder of advisories has for each feed, and
// that no other feed may claim. A feed without an entry fails the suite.
var published = map[string][]string{
	"secdb":      {"alpine-secdb/v3.20/main.json", "alpine-secdb/edge/community.json"},
	"debian":     {"debian-tracker.json"},
	"chainguard": {"wolfi/security.json", "chainguard/security.json"},
	"redhat":     {"redhat-vex/csaf_vex_2026-11-22.tar.zst", "redhat-vex/2024/cve-2024-24786.json"},
	"amazon":     {"amazon/2/core/updateinfo.xml.gz", "amazon/2/php8.0/updateinfo.xml.gz", "amazon/2023/core/updateinfo.xml.gz"},
	"oracle":     {"oracle/com.oracle.elsa-all.xml.bz2"},
	"photon":     {"photon/cve_data_photon5.0.json"},
	"kev":        {"kev.json"},
	"epss":       {"epss.csv.gz"},
	"osv":        {"osv/Go/all.zip", "osv/Rocky Linux/all.zip", "osv/Go/GO-2024-2598.json"},
}

// TestConformance holds every feed of the table to what all feeds promise,
// with the fixtures in testdata that it claims files of.
func TestConformance(t *testing.T) {
	files := fixtureFiles(t)
	for i := range Feeds {
		feed := &Feeds[i]
		t.Run(feed.Name, func(t *testing.T) {
			t.Run("claims", func(t *testing.T) { claims(t, feed) })
			units := files[feed.Name]
			if len(units) == 0 {
				t.Fatalf("no fixture in testdata/*.txtar has a file that %s claims, such as %s", feed.Name, published[feed.Name])
			}
			t.Run("reads", func(t *testing.T) { reads(t, units) })
			for name, check := range map[string]func(*testing.T, sample){
				"repeats": repeats, "truncated": truncated, "garbage": garbage, "cancelled": cancelled,
			} {
				t.Run(name, func(t *testing.T) {
					for _, u := range units {
						check(t, u)
					}
				})
			}
		})
	}
}

// sample is a file that a feed claims.
type sample struct {
	Unit
	data []byte
}

// read reads a sample whose file holds data instead.
func (s sample) read(ctx context.Context, data []byte, out Sink) error {
	return s.Feed.Read(ctx, fstest.MapFS{s.Path: {Data: data}}, s.Unit, out)
}

// fixtures are all archives in testdata, by name.
func fixtures(t *testing.T) map[string]*txtar.Archive {
	t.Helper()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	archives := make(map[string]*txtar.Archive)
	for _, name := range names {
		if archives[filepath.Base(name)], err = txtar.ParseFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return archives
}

// fixtureFiles are the files of all fixtures by feed, packed as published.
func fixtureFiles(t *testing.T) map[string][]sample {
	t.Helper()
	files := make(map[string][]sample)
	for _, archive := range fixtures(t) {
		fsys := folder(t, archive)
		units, err := Find(fsys)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range units {
			files[u.Feed.Name] = append(files[u.Feed.Name], sample{u, fsys[u.Path].Data})
		}
	}
	return files
}

func claims(t *testing.T, feed *Feed) {
	if len(published[feed.Name]) == 0 {
		t.Error("the test knows no published path of it")
	}
	for owner, paths := range published {
		for _, p := range paths {
			source, ok := feed.Claim(p)
			if ok && PublisherOf(source).URL == "" {
				t.Errorf("%s: nothing is known of the publisher of %q", p, source)
			}
			if ok != (owner == feed.Name) {
				t.Errorf("%s claims %s: %v", feed.Name, p, ok)
			}
		}
	}
	for _, p := range []string{"README.md", "x.json", "samples/x.xml", "x/y.zip.part", "all.zip.tmp", ".x"} {
		if _, ok := feed.Claim(p); ok {
			t.Errorf("%s claims %s", feed.Name, p)
		}
	}
}

// reads checks that the fixtures hold something, and what is made of it.
func reads(t *testing.T, units []sample) {
	emitted := 0
	for _, u := range units {
		out := &counting{strict: strict{t}}
		if err := u.read(context.Background(), u.data, out); err != nil {
			t.Errorf("%s: %v", u.Path, err)
		}
		emitted += out.n
	}
	if emitted == 0 {
		t.Error("nothing came of any fixture")
	}
}

// counting is a strict sink that counts.
type counting struct {
	strict
	n int
}

func (c *counting) Record(r *advisory.Record) error { c.n++; return c.strict.Record(r) }
func (c *counting) Facts(cve string, f advisory.Facts) error {
	c.n++
	return c.strict.Facts(cve, f)
}

// repeats checks that the same input gives the same sequence.
func repeats(t *testing.T, s sample) {
	var first string
	for i := range 5 {
		var out strings.Builder
		if err := s.read(context.Background(), s.data, (*printed)(&out)); err != nil {
			t.Fatalf("%s: %v", s.Path, err)
		}
		if i == 0 {
			first = out.String()
		} else if out.String() != first {
			t.Fatalf("%s: the second time reads\n%s\nafter\n%s", s.Path, out.String(), first)
		}
	}
}

// truncated checks that a file which was cut anywhere is an error. White space
// at its end may be missing.
func truncated(t *testing.T, s sample) {
	whole := len(bytes.TrimRight(s.data, " \n"))
	const cuts = 97
	for i := range cuts + 4 {
		at := whole * i / cuts
		if i >= cuts { // the last bytes, where checksums and closing brackets are
			at = max(0, whole-1-(i-cuts))
		}
		if at >= whole {
			continue
		}
		err := s.read(context.Background(), s.data[:at], strict{t})
		if err == nil {
			t.Errorf("%s: cut to %d of %d bytes, it is read without an error", s.Path, at, whole)
			return
		}
		if !strings.Contains(err.Error(), path.Base(s.Path)) {
			t.Errorf("%s: the error does not name the file: %v", s.Path, err)
			return
		}
	}
}

func garbage(t *testing.T, s sample) {
	for name, data := range map[string][]byte{
		"a page":        []byte("<!DOCTYPE html><html><head><title>429 Too Many Requests</title></head><body></body></html>"),
		"zeros":         make([]byte, 4096),
		"JSON":          []byte(`{"message": "rate limit exceeded"}`),
		"a JSON string": []byte(`"not found"`),
		"a JSON list":   []byte(`[[[[]]]]`),
		"null":          []byte(`null`),
		"a zip's end":   append([]byte("PK\x05\x06"), make([]byte, 18)...),
		"gzip of text":  zipped(t, []byte("429 Too Many Requests")),
		"text":          []byte("rate limit exceeded\n"),
	} {
		out := &counting{strict: strict{t}}
		if err := s.read(context.Background(), data, out); err == nil {
			t.Errorf("%s: %s is read without an error", s.Path, name)
		}
		if out.n > 0 {
			t.Errorf("%s: %d records came of %s", s.Path, out.n, name)
		}
	}
}

func cancelled(t *testing.T, s sample) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := &counting{strict: strict{t}}
	if err := s.read(ctx, s.data, out); !errors.Is(err, context.Canceled) {
		t.Errorf("%s: a cancelled reading says %v", s.Path, err)
	}
	if out.n > 0 {
		t.Errorf("%s: a cancelled reading gives %d records", s.Path, out.n)
	}
}

// TestHostile gives each text of each fixture a control character, or makes
// it huge. Whether the answer is an error or a record less, strict sees to it
// that nothing of the kind is handed on.
func TestHostile(t *testing.T) {
	huge := []string{strings.Repeat("x", 1<<20), strings.Repeat("[", 1<<18), strings.Repeat(`{"x":`, 1<<16), strings.Repeat("<x>", 1<<16)}
	for name, archive := range fixtures(t) {
		t.Run(name, func(t *testing.T) {
			for i, f := range archive.Files {
				if strings.HasSuffix(f.Name, ".base64") {
					continue
				}
				found := texts.FindAll(f.Data, -1)
				for j := 0; j < len(found); j += 1 + len(found)/12 {
					for _, bad := range []string{`\u0007`, "\x1b[2J", "&#9;", strings.Repeat("x", 2*maxText)} {
						readMutant(t, f, found[j], bad)
					}
				}
				for _, bad := range huge {
					if len(found) > 0 && i < 2 {
						readMutant(t, f, found[len(found)/2], bad)
					}
				}
			}
		})
	}
}

// texts are words in quotation marks or between tags.
var texts = regexp.MustCompile(`[">][A-Za-z0-9][^"<>]*`)

// readMutant reads a file with bad behind a text in it.
func readMutant(t *testing.T, f txtar.File, text []byte, bad string) {
	t.Helper()
	data := bytes.Replace(f.Data, text, append(bytes.Clone(text), bad...), 1)
	fsys := folder(t, &txtar.Archive{Files: []txtar.File{{Name: f.Name, Data: data}}})
	units, err := Find(fsys)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		_ = u.Feed.Read(context.Background(), fsys, u, strict{t}) // an error is a fine answer
	}
}
