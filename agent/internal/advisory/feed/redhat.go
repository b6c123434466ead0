package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
)

// Red Hat's VEX documents, one a CVE, in CSAF 2.0 with category csaf_vex, as
// published at https://security.access.redhat.com/data/csaf/v2/vex/: all of
// them in csaf_vex_<date>.tar.zst, each on its own as <year>/cve-….json, what
// changed and what was withdrawn since in changes.csv and deletions.csv.
//
// CSAF is specified at
// https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html, Red Hat's
// use of it at
// https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/
// with its CPEs and purls beside. The newer form of the same documents
// (…/v2/vex-feed/, "VEX GA") is read as well, but it names few binary
// packages yet, and those are what an image has.
//
// Only what is said of Red Hat Enterprise Linux itself is kept, by major
// release (redhat_product.go), and of one release one statement a package
// (redhat_affected.go).

var (
	redhatArchivePath  = regexp.MustCompile(`(^|/)(redhat-vex/[^/]+|csaf_vex_\d{4}-\d\d-\d\d)\.tar\.zst$`)
	redhatDocumentPath = regexp.MustCompile(`(^|/)redhat-vex/\d{4}/cve-\d{4}-\d{4,}\.json$`)
)

func claimRedHat(p string) (string, bool) {
	return "Red Hat", redhatArchivePath.MatchString(p) || redhatDocumentPath.MatchString(p)
}

func readRedHat(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	if path.Ext(u.Path) != ".json" {
		return redhatDocuments(ctx, fsys, u, out)
	}
	f, err := fsys.Open(u.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(&limited{r: f, left: maxDocument})
	if err != nil {
		return broken(u.Path, err)
	}
	if !json.Valid(data) {
		return broken(u.Path, errors.New("not JSON, or cut short"))
	}
	doc, err := parseCSAF(data)
	switch {
	case errors.Is(err, errNotCSAF):
		return broken(u.Path, err)
	case err != nil:
		out.Skip("bad record: against the schema", path.Base(u.Path)+": "+schemaFault(err))
		return nil
	}
	if t, err := day(doc.Document.Tracking.Current); err == nil && !t.IsZero() {
		out.Date(t)
	}
	return redhatRecords(doc, u.Source, out)
}

// errNotCSAF says that a document is JSON, but of something else.
var errNotCSAF = errors.New("not a CSAF document: it has no category and csaf_version")

func parseCSAF(data []byte) (*csafDocument, error) {
	doc := new(csafDocument)
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(data, doc); {
	case errors.As(err, &wrong) && wrong.Field == "": // a list, a number, …
		return nil, errNotCSAF
	case err != nil:
		return nil, err
	case doc.Document.Category == "" || doc.Document.Version == "":
		return nil, errNotCSAF
	}
	return doc, nil
}

// redhatRecords hands on what a document says, a record for each of its
// vulnerabilities, of which Red Hat's documents have one.
func redhatRecords(doc *csafDocument, source string, out Sink) error {
	id := doc.Document.Tracking.ID
	if doc.Document.Category != "csaf_vex" {
		out.Skip("not a VEX document", fmt.Sprintf("%.40s, %.40s", id, doc.Document.Category))
		return nil
	}
	published, _ := day(doc.Document.Tracking.Initial) // a bad date is no date
	modified, _ := day(doc.Document.Tracking.Current)
	tree := newProductTree(doc)
	for i := range doc.Vulnerabilities {
		v := &doc.Vulnerabilities[i]
		if v.CVE == "" {
			v.CVE = id
		}
		if !IsCVE(v.CVE) {
			out.Skip("bad record: no CVE", fmt.Sprintf("%.40q", v.CVE))
			continue
		}
		r := redhatRecord(v, tree, out)
		if len(r.Affected) == 0 {
			continue
		}
		r.Feed, r.Published, r.Modified = source, published, modified
		if err := out.Record(&r); err != nil {
			return err
		}
	}
	return nil
}
