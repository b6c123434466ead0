package feed

import (
	"bytes"
	"compress/bzip2"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func FuzzOracle(f *testing.F) {
	fuzzFeed(f, "oracle", "oracle/com.oracle.elsa-all.xml", "testdata/oracle.txtar")
}

// TestOracleLines checks which builds an advisory is for, where a name stands
// for several: kernel trains, module streams, Ksplice's and FIPS's.
func TestOracleLines(t *testing.T) {
	read := readFixture(t, "oracle.txtar")
	lib := []string{"ELSA-2099-0001"}
	matchEach(t, read, "Oracle Linux:6", []installed{
		{"kernel-uek", "2.6.39-400.17.1.el6uek", "", []string{"ELSA-2016-3646"}},
		{"kernel-uek", "2.6.39-400.290.2.el6uek", "", nil},
		{"kernel-uek", "3.8.13-118.14.1.el6uek", "", nil},
	})
	matchEach(t, read, "Oracle Linux:8", []installed{
		{"buildah", "1.5-1.git.module+el8.0.0+1+1", "container-tools:ol8:1:2", []string{"ELSA-2019-0975"}},
		{"buildah", "1.5-1.git.module+el8.0.0+1+1", "container-tools:1.0:1:2", nil},
	})
	matchEach(t, read, "Oracle Linux:9", []installed{
		{"lib", "1.2-2.el9", "", lib},
		{"lib", "1.2-3.0.1.el9", "", lib}, // fixed on x86_64, not on aarch64
		{"lib", "1.2-3.0.4.el9", "", nil},
		{"lib", "2:1.2-3.0.0.ksplice1.el9", "", lib},
		{"lib", "2:1.2-3.0.1.ksplice1.el9", "", nil},
		{"lib", "10:1.2-2.el9_fips", "", lib},
		{"lib", "10:1.2-3.el9_fips", "", nil},
		{"php", "8.1.31-1.module+el9", "php:8.1:1:2", lib},
		{"php", "8.1.32-1.module+el9", "php:8.1:1:2", nil},
		{"php", "8.2.27-1.module+el9", "php:8.2:1:2", lib},
		{"php-new", "1-1.el9", "", nil},
	})
}

func TestOracleAffected(t *testing.T) {
	found := readFixture(t, "oracle.txtar").matches("Oracle Linux:8", "buildah")
	want := fixed("0", "1.5-3.0.1.gite94b4f9.module+el8.0.0+5215+77f672ad", "2019-05-07")
	want.Ecosystem, want.Package, want.Module = "Oracle Linux:8", "buildah", "container-tools:ol8"
	if len(found) != 1 {
		t.Fatalf("%d advisories", len(found))
	}
	if diff := cmp.Diff(want, found[0].Affected); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestOraclePacked reads the fixture as Oracle packs its files.
func TestOraclePacked(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle-ol5.xml.bz2")
	if err != nil {
		t.Fatal(err)
	}
	got := readFolder(t, fstest.MapFS{"oracle/com.oracle.elsa-ol5.xml.bz2": {Data: data}})
	if len(got.list) != 1 || got.list[0].ID != "ELSA-2007-0057" {
		t.Errorf("%d advisories", len(got.list))
	}
}

// TestOracleBrokenSample checks that a file with a part torn out is an error.
func TestOracleBrokenSample(t *testing.T) {
	const at = "oracle/com.oracle.elsa-all.xml.bz2"
	fsys := fstest.MapFS{at: {Data: sharedSample(t, "oracle-oval/broken-oval-data.xml.bz2")}}
	err := readOracle(context.Background(), fsys, Unit{Source: "Oracle Linux", Path: at}, new(records))
	want := "reading " + at + ": XML syntax error on line 536: element <criteria> closed by </affected>; fetch it again"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestOracleSamples reads Oracle's own files.
func TestOracleSamples(t *testing.T) {
	for sample, definitions := range map[string]int{
		"all-positive-data.xml.bz2": 14, "elsa-2018-1196-1.xml.bz2": 1, "ELSA-2007-0057.xml": 1,
	} {
		data := sharedSample(t, "oracle-oval/"+sample)
		path := "oracle/com.oracle.elsa-all.xml"
		text := data
		if strings.HasSuffix(sample, ".bz2") {
			path += ".bz2"
			var err error
			if text, err = io.ReadAll(bzip2.NewReader(bytes.NewReader(data))); err != nil {
				t.Fatal(err)
			}
		}
		got := readFolder(t, fstest.MapFS{path: {Data: data}})
		if len(got.list) != definitions || got.skipped != nil {
			t.Errorf("%s: %d advisories, skipped %v", sample, len(got.list), got.skipped)
		}
		// Every package is there once for each release that it is fixed in.
		var want, builds []string
		fixes := regexp.MustCompile(`<criterion [^>]*comment="(\S+) is earlier than (?:0:)?(\S+)"`)
		for _, m := range fixes.FindAllSubmatch(text, -1) {
			want = append(want, fmt.Sprintf("%s %s", m[1], m[2]))
		}
		for _, r := range got.list {
			for _, a := range r.Affected {
				version := a.Ranges[0].Events[1].Version
				builds = append(builds, a.Package+" "+version)
				if !strings.Contains(version, ".el"+strings.TrimPrefix(a.Ecosystem, "Oracle Linux:")) {
					t.Errorf("%s: %s %s is said to be of %s", r.ID, a.Package, version, a.Ecosystem)
				}
			}
		}
		slices.Sort(want)
		slices.Sort(builds)
		if diff := cmp.Diff(want, builds); diff != "" {
			t.Errorf("%s: -want +got:\n%s", sample, diff)
		}
	}
}

// TestOracleComments checks, for the samples that have their tests, objects
// and states, that what a criterion's comment says is what these say.
func TestOracleComments(t *testing.T) {
	for _, sample := range []string{"elsa-2018-1196-1.xml.bz2", "ELSA-2007-0057.xml"} {
		var r io.Reader = bytes.NewReader(sharedSample(t, "oracle-oval/"+sample))
		if strings.HasSuffix(sample, ".bz2") {
			r = bzip2.NewReader(r)
		}
		var file ovalWhole
		if err := xml.NewDecoder(r).Decode(&file); err != nil {
			t.Fatal(err)
		}
		checked := 0
		var walk func(c *ovalCriteria)
		walk = func(c *ovalCriteria) {
			for _, test := range c.Tests {
				checked++
				if want := file.says(test.Ref); test.Comment != want {
					t.Errorf("%s: %q, but its test says %q", test.Ref, test.Comment, want)
				}
			}
			for i := range c.Criteria {
				walk(&c.Criteria[i])
			}
		}
		for i := range file.Definitions {
			walk(&file.Definitions[i].Criteria)
		}
		if checked < 17 {
			t.Errorf("%s: only %d criteria", sample, checked)
		}
	}
}

// ovalWhole is a file of OVAL with all its parts.
type ovalWhole struct {
	Definitions []ovalDefinition `xml:"definitions>definition"`
	Tests       []struct {
		ID     string `xml:"id,attr"`
		Object struct {
			Ref string `xml:"object_ref,attr"`
		} `xml:"object"`
		State struct {
			Ref string `xml:"state_ref,attr"`
		} `xml:"state"`
	} `xml:"tests>rpminfo_test"`
	Objects []struct {
		ID   string `xml:"id,attr"`
		Name string `xml:"name"`
	} `xml:"objects>rpminfo_object"`
	States []struct {
		ID      string `xml:"id,attr"`
		EVR     string `xml:"evr"`
		Version string `xml:"version"`
		Key     string `xml:"signature_keyid"`
	} `xml:"states>rpminfo_state"`
}

// says puts in words what a test asks of an object.
func (w *ovalWhole) says(ref string) string {
	for _, test := range w.Tests {
		if test.ID != ref {
			continue
		}
		name := ""
		for _, o := range w.Objects {
			if o.ID == test.Object.Ref {
				name = o.Name
			}
		}
		for _, s := range w.States {
			switch {
			case s.ID != test.State.Ref:
			case s.EVR != "":
				return name + " is earlier than " + s.EVR
			case s.Version != "" && name == "oraclelinux-release":
				return "Oracle Linux " + strings.TrimPrefix(s.Version, "^") + " is installed"
			case s.Key != "":
				return name + " is signed with the Oracle Linux 5 key"
			}
		}
	}
	return ""
}
