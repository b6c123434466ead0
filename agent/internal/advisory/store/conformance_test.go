package store

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// document is an OSV record as this test reads it: on its own, so that it does
// not repeat the feed's mistakes.
type document struct {
	ID, Modified, Published, Withdrawn, Summary string
	Aliases, Upstream, Related                  []string
	Severity                                    []struct{ Type, Score string }
	Affected                                    []struct {
		Package  struct{ Ecosystem, Name string }
		Versions []string
		Severity []struct{ Type, Score string }
		Ranges   []struct {
			Type   string
			Events []map[string]string
		}
		Specific json.RawMessage `json:"ecosystem_specific"`
	}
}

// notOnLinux says that Go or RustSec names other systems for it, and not Linux.
func notOnLinux(specific json.RawMessage) bool {
	systems := regexp.MustCompile(`"(goos|os)": *\[([^]]*)\]`).FindAllSubmatch(specific, -1)
	packages := bytes.Count(specific, []byte(`"path"`)) // each with systems or without
	for _, m := range systems {
		if len(m[2]) == 0 || bytes.Contains(m[2], []byte(`"linux"`)) {
			return false
		}
	}
	return len(systems) > 0 && len(systems) >= packages
}

// TestRealRecords compiles every OSV archive and then looks each of their
// records up, package by package (of large archives, a sample), and compares
// all facts.
func TestRealRecords(t *testing.T) {
	data := sharedData(t)
	x := opened(t, func(w io.Writer) error {
		_, err := Compile(context.Background(), w, data, Options{Sources: []string{"osv"}})
		return err
	})
	archives, err := fs.Glob(data, "osv/*/all.zip")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(path.Base(path.Dir(name)), func(t *testing.T) {
			archive := openZip(t, data, name)
			every := 1 + len(archive.File)/600
			looked := make(map[string][]advisory.Match)
			checked, failed := 0, 0
			for i := 0; i < len(archive.File) && failed < 10; i += every {
				doc := readDocument(t, archive.File[i])
				for _, problem := range compare(x, doc, looked) {
					t.Errorf("%s: %s", doc.ID, problem)
					failed++
				}
				checked++
			}
			t.Logf("%d of %d records", checked, len(archive.File))
		})
	}
}

func openZip(t testing.TB, fsys fs.FS, name string) *zip.Reader {
	t.Helper()
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func readDocument(t *testing.T, f *zip.File) *document {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var doc document
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return &doc
}

// compare lists where the index disagrees with a document.
func compare(x *Index, doc *document, looked map[string][]advisory.Match) (problems []string) {
	bugfix := (strings.HasPrefix(doc.ID, "ALBA") || strings.HasPrefix(doc.ID, "ALEA")) && len(doc.Related) == 0
	gone := doc.Withdrawn != "" || bugfix
	for _, a := range doc.Affected {
		key := a.Package.Ecosystem + " " + a.Package.Name
		if _, ok := looked[key]; !ok {
			found, err := x.Lookup(a.Package.Ecosystem, a.Package.Name)
			if err != nil {
				return append(problems, err.Error())
			}
			looked[key] = found
		}
		var ranges []string
		for _, r := range a.Ranges {
			if r.Type == "GIT" || len(r.Events) == 0 {
				continue
			}
			text := strings.ToLower(r.Type)
			for _, e := range r.Events {
				for k, v := range e {
					text += " " + k + "=" + v
				}
			}
			ranges = append(ranges, text)
		}
		versions := slices.Compact(slices.Sorted(slices.Values(a.Versions)))
		want := fmt.Sprint(ranges, versions, "")
		for _, s := range a.Severity {
			want += " " + s.Score
		}
		var got []string
		for _, m := range looked[key] {
			if m.Record.ID != doc.ID {
				continue
			}
			got = append(got, statementText(&m.Affected, len(a.Severity)))
			problems = append(problems, compareRecord(m.Record, doc)...)
		}
		switch {
		case gone || notOnLinux(a.Specific) || len(ranges)+len(versions) == 0:
			if (gone || notOnLinux(a.Specific)) && len(got) > 0 {
				problems = append(problems, key+": should not be there")
			}
		case !slices.Contains(got, want):
			problems = append(problems, fmt.Sprintf("%s\n got  %q\n want %q", key, got, want))
		}
	}
	return problems
}

// statementText writes an Affected as compare does; only the first few severities are
// the publisher's, others were derived.
func statementText(a *advisory.Affected, severities int) string {
	var ranges []string
	for _, r := range a.Ranges {
		text := [...]string{"ecosystem", "semver"}[r.Type]
		for _, e := range r.Events {
			text += " " + [...]string{"introduced", "fixed", "last_affected", "limit"}[e.Kind] + "=" + e.Version
		}
		ranges = append(ranges, text)
	}
	text := fmt.Sprint(ranges, slices.Sorted(slices.Values(a.Versions)), "")
	for i, s := range a.Severities {
		if i < severities {
			text += " " + s.Score
		}
	}
	return text
}

func compareRecord(r *advisory.Record, doc *document) (problems []string) {
	check := func(what string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			problems = append(problems, fmt.Sprintf("%s: got %v, want %v", what, got, want))
		}
	}
	if !strings.HasPrefix(doc.Modified, "0001") {
		check("modified", r.Modified.Format("2006-01-02"), doc.Modified[:10])
	}
	if doc.Published != "" {
		check("published", r.Published.Format("2006-01-02"), doc.Published[:10])
	}
	ids := append(slices.Clone(doc.Aliases), doc.Upstream...)
	if strings.HasPrefix(doc.ID, "AL") && strings.Contains(doc.ID, ":") {
		ids = append(ids, doc.Related...)
	}
	slices.Sort(ids)
	check("ids", union(r.Aliases, r.Upstream), slices.Compact(ids))
	for _, s := range doc.Severity {
		if !slices.ContainsFunc(r.Severities, func(have advisory.Severity) bool { return have.Score == s.Score }) {
			problems = append(problems, fmt.Sprintf("severity %s is missing from %v", s.Score, r.Severities))
		}
	}
	return problems
}

// TestTwoShapesOfOneSource checks that Debian's and Alpine's data say the same
// in either shape, and that an index given both has nothing twice.
func TestTwoShapesOfOneSource(t *testing.T) {
	data := sharedData(t)
	compile := func(sources ...string) *Index {
		return opened(t, func(w io.Writer) error {
			_, err := Compile(context.Background(), w, data, Options{Sources: sources})
			return err
		})
	}
	for _, test := range []struct{ own, derived string }{
		{"debian-tracker.json", "osv/Debian"},
		{"alpine-secdb", "osv/Alpine"},
	} {
		t.Run(test.own, func(t *testing.T) {
			own, derived, both := statements(t, compile(test.own)), statements(t, compile(test.derived)), statements(t, compile(test.own, test.derived))
			if len(both) != len(own) {
				t.Errorf("%d statements from both shapes, %d from the publisher's own", len(both), len(own))
			}
			for s := range derived {
				// Xen's ids beside a CVE: see secdbIDs.
				if !own[s] && !strings.Contains(s, "ALPINE-XSA-") {
					t.Errorf("only in %s: %s", test.derived, s)
				}
			}
			for s := range own {
				if !derived[s] && !handWritten.MatchString(s) {
					t.Errorf("only in %s: %s", test.own, s)
				}
			}
			t.Logf("%d and %d statements", len(own), len(derived))
		})
	}
}

// handWritten are the entries of Alpine's that its OSV shape leaves out: a
// release that the conversion does not have, ids that are no CVE, and slips.
var handWritten = regexp.MustCompile(`^Alpine:edge |ALPINE-(\d|DW\d|ZDI-|wnpa-|RUSTSEC-|TALOS-|CVE-2019-2426)`)

// statements lists all that an index says about every tenth package.
func statements(t *testing.T, x *Index) map[string]bool {
	t.Helper()
	all := make(map[string]bool)
	for _, b := range x.dir.packages {
		raw, err := x.read(b)
		if err != nil {
			t.Fatal(err)
		}
		block, err := decodePackages(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range block.keys {
			base, name, _ := strings.Cut(key, "\x00")
			if crc32.ChecksumIEEE([]byte(name))%10 != 0 {
				continue
			}
			for _, where := range x.dir.covered {
				if !strings.HasPrefix(where, base+":") {
					continue
				}
				found, err := x.Lookup(where, name)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range found {
					all[where+" "+name+" "+m.Record.ID+" "+statementText(&m.Affected, 0)] = true
				}
			}
		}
	}
	return all
}
