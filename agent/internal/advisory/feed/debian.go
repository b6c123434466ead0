package feed

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// Debian's security tracker, as published at
// https://security-tracker.debian.org/tracker/data/json: source package →
// issue → release → status. The words are explained in
// https://security-team.debian.org/security_tracker.html. A file has no date
// but for one in its name.
type debianIssue struct {
	Releases json.RawMessage `json:"releases"` // an object, or [] when there are none
}

type debianStatus struct {
	Status  string `json:"status"`        // open, resolved, undetermined
	Fixed   string `json:"fixed_version"` // "0": never affected
	Urgency string `json:"urgency"`       // may end in "*": a guess by the tracker
	Reason  string `json:"nodsa_reason"`  // ignored, postponed; "" where no-dsa gives none, and for what is not no-dsa
}

// debianReleases are the releases by code name
// (https://www.debian.org/releases/). OSV names them by number.
var debianReleases = map[string]string{
	"squeeze": "6", "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10",
	"bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
	"sid": "sid",
}

func claimDebian(p string) (string, bool) {
	base := path.Base(p)
	return "Debian tracker", strings.HasPrefix(base, "debian-tracker") && strings.HasSuffix(base, ".json")
}

func readDebian(ctx context.Context, fsys fs.FS, u Unit, out Sink) error {
	d, err := openDocument(fsys, u.Path, "the security tracker's JSON", 8*maxDocument)
	if err != nil {
		return err
	}
	defer d.Close()
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	packages := 0
	err = d.members(func(name string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		packages++
		var issues map[string]debianIssue
		if err := d.decode(&issues); err != nil {
			return err
		}
		return debianPackage(name, issues, u.Source, out)
	})
	if err != nil {
		return err
	}
	if packages == 0 {
		return broken(u.Path, errors.New("no packages in it"))
	}
	return d.end()
}

func debianPackage(name string, issues map[string]debianIssue, source string, out Sink) error {
	for _, id := range sortedKeys(issues) {
		raw := issues[id].Releases
		if len(raw) == 0 || raw[0] == '[' {
			continue // no release has the package
		}
		var releases map[string]debianStatus
		if err := json.Unmarshal(raw, &releases); err != nil || !fits(id) || !fits("DEBIAN-"+id) || !fits(name) {
			out.Skip("bad record: no releases, id or package", clip(name+" "+id))
			continue
		}
		r := advisory.Record{ID: "DEBIAN-" + id, Aliases: []string{id}, Feed: source}
		if strings.HasPrefix(id, "TEMP-") { // the tracker's own, until there is a CVE
			r.ID, r.Aliases = id, nil
		}
		for _, release := range sortedKeys(releases) {
			if a, ok := debianAffected(name, release, releases[release], source, id, out); ok {
				r.Affected = append(r.Affected, a)
			}
		}
		if len(r.Affected) == 0 {
			continue
		}
		if err := out.Record(&r); err != nil {
			return err
		}
	}
	return nil
}

func debianAffected(name, release string, s debianStatus, source, id string, out Sink) (advisory.Affected, bool) {
	number, ok := debianReleases[release]
	if !ok {
		out.Skip("unknown release", clip(release+" "+id))
		return advisory.Affected{}, false
	}
	a := advisory.Affected{Ecosystem: "Debian:" + number, Package: name}
	switch {
	case s.Status == "undetermined":
		// Nobody has found out yet whether the package is affected. That is
		// kept as a doubt: every version, and a rating that says so.
		a.Ranges = []advisory.Range{everyVersion()}
		a.FixState = finding.FixUnknown
		a.Severities = []advisory.Severity{{Source: "Debian", Method: "distro", Score: "undetermined"}}
		return a, true
	case s.Status == "resolved" && s.Fixed == "0":
		out.Skip("never affected", id)
		return a, false
	case s.Status == "resolved" && fits(s.Fixed):
		a.Ranges = []advisory.Range{fixedAt(s.Fixed)}
	case s.Status == "open":
		a.Ranges = []advisory.Range{everyVersion()}
		a.FixState = debianFixState(s)
	default:
		out.Skip("bad record: status", id)
		return a, false
	}
	// "not yet assigned" and "end-of-life" rate nothing.
	switch word := strings.TrimRight(s.Urgency, "*"); word {
	case "unimportant", "low", "medium", "high":
		a.Severities = []advisory.Severity{{Source: "Debian", Method: "distro", Score: word}}
	}
	return a, true
}

// debianFixState says what becomes of an open issue. An ignored one and one
// of an end-of-life package get no fix; a postponed one, and one that merely
// does not warrant an advisory of its own (no-dsa), may be fixed in a point
// release.
func debianFixState(s debianStatus) finding.FixState {
	if s.Urgency == "end-of-life" || s.Reason == "ignored" {
		return finding.WillNotFix
	}
	return finding.NotFixed
}
