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
type secdbFile struct {
	Release  string `json:"distroversion"`
	Packages []struct {
		Package struct {
			Name  string              `json:"name"`
			Fixes map[string][]string `json:"secfixes"`
		} `json:"pkg"`
	} `json:"packages"`
}

var (
	secdbPath    = regexp.MustCompile(`(^|/)(v\d+\.\d+|edge)([-_]\d{4}-\d\d-\d\d)?/(main|community)\.json$`)
	secdbRelease = regexp.MustCompile(`^(v\d+\.\d+|edge)$`)
	secdbSlip    = regexp.MustCompile(`\bCVE[ _](\d{4}-\d{4,})`)    // "CVE 2025-48379"
	secdbPart    = regexp.MustCompile(`\b(CVE-\d{4}-\d{4,})-\d+\b`) // "CVE-2017-17434-2", one of two patches
	secdbID      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._:-]{3,}$`)
)

func claimSecDB(p string) (string, bool) { return "Alpine secdb", secdbPath.MatchString(p) }

func readSecDB(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	var file secdbFile
	if err := readJSON(fsys, u.Path, &file); err != nil {
		return err
	}
	if !secdbRelease.MatchString(file.Release) {
		return fmt.Errorf("reading %s: not an Alpine secdb file: its distroversion is %q", u.Path, file.Release)
	}
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	ecosystem := "Alpine:" + file.Release
	for _, p := range file.Packages {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, fixes := p.Package.Name, p.Package.Fixes
		if !fits(name) {
			out.Skip("bad record: no package name", path.Base(path.Dir(u.Path)))
			continue
		}
		for _, version := range sortedKeys(fixes) {
			if err := secdbFix(ecosystem, name, version, fixes[version], u.Source, out); err != nil {
				return err
			}
		}
	}
	return nil
}

// secdbFix hands on the records for one fixed version of one package.
func secdbFix(ecosystem, name, version string, entries []string, source string, out Sink) error {
	for _, entry := range entries {
		if version == "0" {
			out.Skip("never affected", entry)
			continue
		}
		ids := secdbIDs(entry)
		if len(ids) == 0 || !fits(version) {
			out.Skip("bad record: no id or version", name+" "+version+" "+entry)
			continue
		}
		for _, id := range ids {
			if !fits("ALPINE-" + id) {
				out.Skip("bad record: no id or version", name+" "+version+" "+entry)
				continue
			}
			r := advisory.Record{ID: "ALPINE-" + id, Aliases: []string{id}, Feed: source, Affected: []advisory.Affected{{
				Ecosystem: ecosystem, Package: name, Ranges: []advisory.Range{fixedAt(version)},
			}}}
			if strings.HasPrefix(id, "ALPINE-") { // Alpine's own, without a CVE
				r.ID, r.Aliases = id, nil
			}
			if err := out.Record(&r); err != nil {
				return err
			}
		}
	}
	return nil
}

// secdbIDs are the vulnerabilities that an entry names. Older entries give
// several ids of which a further one may stand for many vulnerabilities
// ("CVE-2016-9377 XSA-196"), so that only CVEs count where there is one.
func secdbIDs(entry string) []string {
	var cves, others []string
	entry = secdbSlip.ReplaceAllString(entry, "CVE-$1")
	entry = secdbPart.ReplaceAllString(entry, "$1")
	for _, id := range strings.FieldsFunc(entry, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		switch id = strings.Trim(id, "()+;"); {
		case strings.HasPrefix(id, "CVE-"):
			cves = append(cves, id)
		case secdbID.MatchString(id) && strings.ContainsAny(id, "0123456789"):
			others = append(others, id)
		}
	}
	if len(cves) > 0 {
		return cves
	}
	return others[:min(1, len(others))]
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
