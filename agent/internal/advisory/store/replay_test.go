package store

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sync/errgroup"
)

// replay writes the OSV archives of the real feeds to a folder, with every
// record so many times: each time of other packages, and with ids of other
// years, as if publishers had gone on for centuries.
func replay(t testing.TB, times int) (folder string) {
	t.Helper()
	data := sharedData(t)
	archives, err := fs.Glob(data, "osv/*/all.zip")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	folder = t.TempDir()
	var group errgroup.Group
	group.SetLimit(2)
	for _, name := range archives {
		from := openZip(t, data, name)
		group.Go(func() error { return replayArchive(from, filepath.Join(folder, name), times) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	return folder
}

func replayArchive(from *zip.Reader, to string, times int) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	w := zip.NewWriter(f)
	deflate, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		return err
	}
	w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		deflate.Reset(w) // the last entry is done
		return deflate, nil
	})
	for i, entry := range from.File {
		record, err := templateOf(entry)
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name, err)
		}
		for n := range times {
			entry, err := w.Create(fmt.Sprintf("%d-%d.json", i, n))
			if err != nil {
				return err
			}
			if _, err := io.WriteString(entry, record.with(n)); err != nil {
				return err
			}
		}
	}
	return w.Close()
}

// template is a record in pieces, with something of each replay's between two.
type template struct {
	pieces []string
	years  []int // the year to be moved; 0: the replay's number
}

// yearsOfCVEs is how many years of CVEs there are; a replay moves them on by as
// many.
const yearsOfCVEs = 28

func (r template) with(n int) string {
	var b strings.Builder
	for i, year := range r.years {
		b.WriteString(r.pieces[i])
		if year > 0 {
			b.WriteString(strconv.Itoa(year + n*yearsOfCVEs))
		} else if n > 0 {
			b.WriteString("-r" + strconv.Itoa(n))
		}
	}
	b.WriteString(r.pieces[len(r.pieces)-1])
	return b.String()
}

// replayedName is one that a replay made.
var replayedName = regexp.MustCompile(`-r\d+$`)

// What differs is marked, with the year or without, before a record is cut.
var (
	marked = regexp.MustCompile(`@@(\d*)@@`)
	ofCVE  = regexp.MustCompile(`CVE-(\d{4})-`)
)

func mark(id string) string {
	if ofCVE.MatchString(id) {
		return ofCVE.ReplaceAllString(id, "CVE-@@$1@@-")
	}
	return id + "@@@@"
}

func templateOf(entry *zip.File) (template, error) {
	f, err := entry.Open()
	if err != nil {
		return template{}, err
	}
	defer f.Close()
	var doc map[string]any
	if err := json.NewDecoder(f).Decode(&doc); err != nil {
		return template{}, err
	}
	delete(doc, "details")    // prose, and
	delete(doc, "references") // links, which are not read
	doc["id"] = mark(fmt.Sprint(doc["id"]))
	for _, field := range []string{"aliases", "upstream", "related"} {
		ids, _ := doc[field].([]any)
		for i := range ids {
			ids[i] = mark(fmt.Sprint(ids[i]))
		}
	}
	affected, _ := doc["affected"].([]any)
	for _, a := range affected {
		a, _ := a.(map[string]any)
		if p, ok := a["package"].(map[string]any); ok {
			p["name"] = fmt.Sprint(p["name"]) + "@@@@"
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return template{}, err
	}
	r := template{pieces: marked.Split(string(text), -1)}
	for _, m := range marked.FindAllStringSubmatch(string(text), -1) {
		year, _ := strconv.Atoi(m[1]) // none is 0
		r.years = append(r.years, year)
	}
	return r, nil
}
