package feed

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// TestBrokenXML checks that a file which is not whole, or not what it is
// called, is an error that says so.
func TestBrokenXML(t *testing.T) {
	const (
		amazon   = "amazon/2/core/updateinfo.xml"
		oracle   = "oracle/com.oracle.elsa-all.xml"
		whole    = `<updates><update type="security"><id>ALAS2-0000-001</id></update></updates>`
		document = `<oval_definitions><definitions><definition id="d"/></definitions><tests></tests></oval_definitions>`
	)
	packed, err := os.ReadFile("testdata/oracle-ol5.xml.bz2")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, path, data, want string }{
		{"empty", amazon, "", "the file is cut short; fetch it again"},
		{"cut short", amazon, whole[:40], "the file is cut short; fetch it again"},
		{"cut between updates", amazon, strings.TrimSuffix(whole, "</updates>"), "the file is cut short; fetch it again"},
		{"packed and cut short", amazon + ".gz", string(zipped(t, []byte(whole))[:50]), "the file is cut short; fetch it again"},
		{"not packed", amazon + ".gz", whole, "gzip: invalid header"},
		{"a page", amazon, "<html>429</html>", "not an updateinfo file: it begins with <html>"},
		{"text", amazon, "Too many requests", "the file is cut short; fetch it again"},
		{"two documents", amazon, whole + whole, "something follows the document"},
		{"ends crossed", amazon, `<updates><update></updates></update>`, "XML syntax error on line 1: element <update> closed by </updates>; fetch it again"},
		{"another encoding", amazon, `<?xml version="1.0" encoding="ISO-8859-1"?>` + whole, `xml: opening charset "ISO-8859-1": only UTF-8 can be read`},
		{"not UTF-8", amazon, "<updates><update><id>\xff</id></update></updates>", "XML syntax error on line 1: invalid UTF-8; fetch it again"},
		{"an entity of its own", amazon, `<!DOCTYPE x [<!ENTITY lol "lol">]><updates><update><id>&lol;</id></update></updates>`,
			"XML syntax error on line 1: invalid character entity &lol;; fetch it again"},
		{"too deep", oracle, "<oval_definitions><definitions><definition>" + strings.Repeat("<criteria>", 20000), "exceeded max depth"},
		{"too large", amazon, "<updates><update><id>" + strings.Repeat("x", maxElement+1<<20), "larger than any that is published"},
		{"cut in the definitions", oracle, document[:50], "the file is cut short; fetch it again"},
		{"cut after the definitions", oracle, document[:80], "the file is cut short; fetch it again"},
		{"another kind of OVAL", oracle, `<oval_results/>`, "not a file of OVAL definitions: it begins with <oval_results>"},
		{"no definitions", oracle, `<oval_definitions><definitions></definitions></oval_definitions>`, "no definitions in it"},
		{"no place for definitions", oracle, `<oval_definitions><generator/><other/></oval_definitions>`, "no definitions in it"},
		{"bzip2 cut short", oracle + ".bz2", string(packed[:600]), "the file is cut short; fetch it again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys := fstest.MapFS{test.path: {Data: []byte(test.data)}}
			units, err := Find(fsys)
			if err != nil || len(units) != 1 {
				t.Fatalf("%d units, %v", len(units), err)
			}
			err = units[0].Feed.Read(context.Background(), fsys, units[0], strict{t})
			if err == nil || !strings.HasPrefix(err.Error(), "reading "+test.path+": "+test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}
