package feed

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"regexp"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Photon OS's CVE metadata, as published at
// https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photonX.Y.json:
// a list with an entry for each CVE, package and fix. Nothing specifies it; the
// words are those that occur. The release is in the file's name only, and the
// score is a number without a vector or a scale, so it is left out.
//
// A CVE may have several entries for a package, with different fixes and even
// "Not Affected" beside them, for builds that the entry does not tell apart.
// Each is handed on; the package is affected until the latest fix.
type photonEntry struct {
	ID       string `json:"cve_id"`  // a CVE, or Black Duck's BDSA-…
	Package  string `json:"pkg"`     // of the spec file; lately of each binary package too
	Affected string `json:"aff_ver"` // "all versions before 7.88.1-4.ph4 are vulnerable", NA, ""
	Fixed    string `json:"res_ver"` // "7.88.1-4.ph4", NA
	Status   string `json:"status"`  // Fixed, Not Affected; absent before 2025
}

// photonPath has no folder above, so that a few entries of a sample somewhere
// do not pass for what is known of a release.
var photonPath = regexp.MustCompile(`^photon/cve_data_photon(\d+\.\d+)\.json$`)

func claimPhoton(p string) (string, bool) { return "Photon OS", photonPath.MatchString(p) }

func readPhoton(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	release := photonPath.FindStringSubmatch(u.Path)[1] // Claim saw to it
	doc, err := openDocument(fsys, u.Path, "Photon OS's CVE metadata", maxDocument)
	if err != nil {
		return err
	}
	defer doc.Close()
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	pace := every{ctx: ctx}
	err = doc.elements(func() error {
		if err := pace.check(); err != nil {
			return err
		}
		var entry photonEntry
		var wrong *json.UnmarshalTypeError
		switch err := doc.decode(&entry); {
		case errors.As(err, &wrong) && wrong.Field == "":
			return broken(u.Path, errors.New("not Photon OS's CVE metadata: an entry is a "+wrong.Value))
		case wrong != nil:
			out.Skip("bad record: against the schema", entry.ID+" "+entry.Package+": "+schemaFault(wrong))
			return nil
		case err != nil:
			return err
		}
		return entry.handOn("Photon OS:"+release, u.Source, out)
	})
	if err != nil {
		return err
	}
	if pace.n == 0 {
		return broken(u.Path, errors.New("no entries in it"))
	}
	return doc.end()
}

// handOn hands on the advisory of one entry, if there is one.
func (e *photonEntry) handOn(ecosystem, source string, out Sink) error {
	r, problem := e.record(ecosystem, source)
	if problem != "" {
		out.Skip(problem, e.ID+" "+e.Package)
		return nil
	}
	if !e.usual() {
		out.Skip("affected versions in words of its own: taken for all before the fix", e.ID+" "+e.Package)
	}
	return out.Record(r)
}

// record is the advisory of one entry, or why there is none.
func (e *photonEntry) record(ecosystem, source string) (r *advisory.Record, problem string) {
	id := "x_photon-" + e.ID // Photon OS gives entries no ids of its own
	switch {
	case e.ID == "" || !fits(id) || !fits(e.Package):
		return nil, "bad record: no id or package"
	case e.Status == "Not Affected":
		return nil, "never affected"
	case e.Status != "Fixed" && e.Status != "":
		return nil, "bad record: status"
	case e.Fixed == "" || e.Fixed == "NA":
		return nil, "fixed, but not said in which version"
	case !fits(e.Fixed):
		return nil, "bad record: version"
	}
	return &advisory.Record{ID: id, Aliases: []string{e.ID}, Feed: source, Affected: []advisory.Affected{{
		Ecosystem: ecosystem, Package: e.Package, Ranges: []advisory.Range{fixedAt(e.Fixed)},
	}}}, ""
}

// usual says that the affected versions are all before the fix, in the one
// sentence that is used for it, or not given.
func (e *photonEntry) usual() bool {
	return e.Affected == "" || e.Affected == "NA" || e.Affected == "all versions before "+e.Fixed+" are vulnerable"
}
