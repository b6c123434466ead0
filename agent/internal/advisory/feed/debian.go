package feed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// Debian's security tracker, as published at
// https://security-tracker.debian.org/tracker/data/json: source package →
// issue → release → status. The words are explained in
// https://security-team.debian.org/security_tracker.html.
type debianIssue struct {
	Releases json.RawMessage `json:"releases"` // an object, or [] when there are none
}

type debianStatus struct {
	Status  string  `json:"status"`        // open, resolved, undetermined
	Fixed   string  `json:"fixed_version"` // "0": never affected
	Urgency string  `json:"urgency"`       // may end in "*": a guess by the tracker
	Reason  *string `json:"nodsa_reason"`  // "", ignored, postponed; set only for no-dsa
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
	f, err := fsys.Open(u.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if !u.Date.IsZero() {
		out.Date(u.Date)
	}
	d := json.NewDecoder(&limited{r: f, left: 8 * maxDocument}) // read package by package
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return broken(u.Path, errors.New("not the security tracker's JSON"))
	}
	for d.More() {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := d.Token()
		if err != nil {
			return broken(u.Path, err)
		}
		var issues map[string]debianIssue
		if err := d.Decode(&issues); err != nil {
			return broken(u.Path, fmt.Errorf("package %s: %w", name, err))
		}
		if err := debianPackage(name.(string), issues, u.Source, out); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return broken(u.Path, err)
	}
	return nil
}

func debianPackage(name string, issues map[string]debianIssue, source string, out Sink) error {
	for _, id := range sortedKeys(issues) {
		raw := issues[id].Releases
		if len(raw) == 0 || raw[0] == '[' {
			continue // no release has the package
		}
		var releases map[string]debianStatus
		if err := json.Unmarshal(raw, &releases); err != nil || !fits("DEBIAN-"+id) || !fits(name) {
			out.Skip("bad record: no releases, id or package", name+" "+id)
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
		out.Skip("unknown release "+release, id)
		return advisory.Affected{}, false
	}
	a := advisory.Affected{Ecosystem: "Debian:" + number, Package: name}
	switch {
	case s.Status == "undetermined":
		out.Skip("undetermined by Debian", id)
		return a, false
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
	if s.Urgency == "end-of-life" || s.Reason != nil && *s.Reason == "ignored" {
		return finding.WillNotFix
	}
	return finding.NotFixed
}
