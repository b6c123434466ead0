package feed

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// Alpine's security database, as published at
// https://secdb.alpinelinux.org/vX.Y/{main,community}.json: for each package
// (by origin, Alpine's source package) the versions that fixed something.
// The version "0" says that Alpine was never affected.
var (
	secdbPath = regexp.MustCompile(`(?:^|/)(v\d+\.\d+|edge)(?:[-_]\d{4}-\d\d-\d\d)?/(?:main|community)\.json$`)
	secdbSlip = regexp.MustCompile(`\bCVE[ _](\d{4}-\d{4,})`)    // "CVE 2025-48379"
	secdbPart = regexp.MustCompile(`\b(CVE-\d{4}-\d{4,})-\d+\b`) // "CVE-2017-17434-2", one of two patches
	secdbID   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._:-]{3,}$`)
)

func claimSecDB(p string) (string, bool) { return "Alpine secdb", secdbPath.MatchString(p) }

func readSecDB(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	folder := secdbPath.FindStringSubmatch(u.Path)
	if folder == nil {
		return fmt.Errorf("reading %s: its folder names no release of Alpine", u.Path)
	}
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	db := secdb{ecosystem: "Alpine:" + folder[1], prefix: "ALPINE-", source: u.Source, out: out}
	head, err := db.read(ctx, fsys, u.Path)
	if err != nil {
		return err
	}
	if head.release != folder[1] {
		return fmt.Errorf("reading %s: not the secdb of Alpine %s: its distroversion is %q", u.Path, folder[1], head.release)
	}
	return nil
}

// secdb reads a security database in Alpine's form, which Chainguard's distros
// use too.
type secdb struct {
	ecosystem string // of all its packages
	prefix    string // of the records' ids
	source    string
	out       Sink
}

// secdbHead is what a database says of itself.
type secdbHead struct {
	release    string // distroversion; Chainguard's distros have none
	repository string // reponame
}

type secdbPackage struct {
	Package struct {
		Name  string              `json:"name"`
		Fixes map[string][]string `json:"secfixes"`
	} `json:"pkg"`
}

// read hands on a database package by package.
func (db *secdb) read(ctx context.Context, fsys fs.FS, name string) (secdbHead, error) {
	var head secdbHead
	if err := ctx.Err(); err != nil {
		return head, err
	}
	d, err := openDocument(fsys, name, "a security database", maxDocument)
	if err != nil {
		return head, err
	}
	defer d.Close()
	listed := false
	err = d.members(func(member string) error {
		switch member {
		case "distroversion":
			return d.decode(&head.release)
		case "reponame":
			return d.decode(&head.repository)
		case "packages":
			listed = true
			return d.elements(func() error { return db.pkg(ctx, d) })
		}
		return d.skip()
	})
	if err != nil {
		return head, err
	}
	if !listed {
		return head, fmt.Errorf("reading %s: not a security database: it has no list of packages", name)
	}
	return head, d.end()
}

func (db *secdb) pkg(ctx context.Context, d *document) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var p secdbPackage
	if err := d.decode(&p); err != nil {
		return err
	}
	name, fixes := p.Package.Name, p.Package.Fixes
	if !fits(name) {
		db.out.Skip("bad record: no package name", path.Base(path.Dir(d.name)))
		return nil
	}
	for _, version := range sortedKeys(fixes) {
		if err := db.fix(name, version, fixes[version]); err != nil {
			return err
		}
	}
	return nil
}

// fix hands on the records for one fixed version of one package.
func (db *secdb) fix(name, version string, entries []string) error {
	for _, entry := range entries {
		if version == "0" {
			db.out.Skip("never affected", clip(entry))
			continue
		}
		ids, others := secdbIDs(entry)
		if len(ids) == 0 || !fits(version) {
			db.out.Skip("bad record: no id or version", clip(name+" "+version+" "+entry))
			continue
		}
		for _, id := range ids {
			if !fits(db.prefix + id) {
				db.out.Skip("bad record: no id or version", clip(name+" "+version+" "+entry))
				continue
			}
			r := advisory.Record{ID: db.prefix + id, Aliases: append([]string{id}, others...), Feed: db.source, Affected: []advisory.Affected{{
				Ecosystem: db.ecosystem, Package: name, Ranges: []advisory.Range{fixedAt(version)},
			}}}
			if strings.HasPrefix(id, db.prefix) { // the distro's own, without a CVE
				r.ID, r.Aliases = id, nil
			}
			if err := db.out.Record(&r); err != nil {
				return err
			}
		}
	}
	return nil
}

// secdbIDs are the vulnerabilities that an entry names, and other names of
// the one where it is one. Older entries give several ids of which a further
// one may stand for many vulnerabilities ("CVE-2016-9377 XSA-196"), so that
// only CVEs count where there is one. A GHSA beside a single CVE is another
// name of it.
func secdbIDs(entry string) (ids, others []string) {
	var cves, ghsas, rest []string
	entry = secdbSlip.ReplaceAllString(entry, "CVE-$1")
	entry = secdbPart.ReplaceAllString(entry, "$1")
	for _, id := range strings.FieldsFunc(entry, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		switch id = strings.Trim(id, "()+;"); {
		case !fits(id):
		case strings.HasPrefix(id, "CVE-"):
			cves = append(cves, id)
		case strings.HasPrefix(id, "GHSA-"):
			ghsas = append(ghsas, id)
		case secdbID.MatchString(id) && strings.ContainsAny(id, "0123456789"):
			rest = append(rest, id)
		}
	}
	switch {
	case len(cves) == 1:
		return cves, ghsas
	case len(cves) > 1:
		return cves, nil
	case len(ghsas) > 0:
		return ghsas, nil
	}
	return rest[:min(1, len(rest))], nil
}

// fixedAt is the range of all versions before a fix.
func fixedAt(version string) advisory.Range {
	return advisory.Range{Events: []advisory.Event{
		{Kind: advisory.Introduced, Version: "0"}, {Kind: advisory.Fixed, Version: version},
	}}
}

// everyVersion is the range without an end.
func everyVersion() advisory.Range {
	return advisory.Range{Events: []advisory.Event{{Kind: advisory.Introduced, Version: "0"}}}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
