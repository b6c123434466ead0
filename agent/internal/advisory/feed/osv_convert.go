package feed

import (
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// conversion makes an advisory of one OSV document.
type conversion struct {
	doc     *osvDocument
	source  string
	out     Sink
	erratum bool // the record announces rebuilt packages
}

// record is the advisory, or why there is none.
func (c *conversion) record() (r *advisory.Record, problem string) {
	doc := c.doc
	if !fits(doc.ID) {
		return nil, "bad record: no id"
	}
	var times [3]time.Time
	for i, s := range []string{doc.Modified, doc.Published, doc.Withdrawn} {
		t, err := day(s)
		if err != nil {
			return nil, "bad record: date"
		}
		times[i] = t
	}
	c.out.Date(times[0])
	if !times[2].IsZero() {
		return nil, "withdrawn"
	}
	r = &advisory.Record{ID: doc.ID, Feed: c.source, Modified: times[0], Published: times[1]}
	c.erratum = osvErrata.MatchString(doc.ID)
	if problem := c.identify(r); problem != "" {
		return nil, problem
	}
	r.Severities = c.severities()
	for i := range doc.Affected {
		if a, ok := c.affected(&doc.Affected[i]); ok {
			a.FixDates = c.fixDates(r.Published, a.Ranges)
			r.Affected = append(r.Affected, a)
		}
	}
	if len(r.Affected) == 0 {
		return nil, "names no affected versions"
	}
	r.Affected = withPlainUbuntu(r.Affected)
	return r, ""
}

func (c *conversion) affected(from *osvAffected) (advisory.Affected, bool) {
	a := advisory.Affected{Ecosystem: from.Package.Ecosystem, Package: from.Package.Name}
	if !fits(a.Ecosystem) || !fits(a.Package) {
		c.out.Skip("bad record: no package or ecosystem", c.doc.ID)
		return a, false
	}
	if from.elsewhere() {
		c.out.Skip("not on Linux", c.doc.ID)
		return a, false
	}
	for _, rg := range from.Ranges {
		if rg, ok := c.versionRange(rg); ok {
			a.Ranges = append(a.Ranges, rg)
		}
	}
	if len(from.Ranges) == 0 || !restatesRanges(a.Ecosystem) {
		a.Versions = c.versions(from)
	}
	if len(a.Ranges) == 0 && len(a.Versions) == 0 {
		return a, false // versionRange counted why
	}
	a.Severities = c.affectedSeverities(from)
	a.FixState = osvFixState(from, a.Ranges)
	a.Module = c.module(a.Ranges)
	return a, true
}

// restatesRanges says that osv.dev lists, for each range of the ecosystem,
// every version that was ever published and lies in it
// (https://ossf.github.io/osv-schema/#affectedversions-field). That says
// nothing more, and is most of the archive.
func restatesRanges(ecosystem string) bool {
	base, _, _ := strings.Cut(ecosystem, ":")
	return base == "Debian" || base == "Ubuntu" || base == "Alpine"
}

// versions are the affected versions that are listed one by one.
func (c *conversion) versions(from *osvAffected) []string {
	list := make([]string, 0, len(from.Versions))
	for _, v := range from.Versions {
		if fits(v) {
			list = append(list, v)
		}
	}
	if len(list) < len(from.Versions) {
		c.out.Skip("bad version", c.doc.ID)
	}
	return list
}

// versionRange is a range of versions, unless it cannot be one.
func (c *conversion) versionRange(from osvRange) (advisory.Range, bool) {
	var r advisory.Range
	switch from.Type {
	case "SEMVER":
		r.Type = advisory.SemVer
	case "ECOSYSTEM":
		r.Type = advisory.Ecosystem
	case "GIT":
		c.out.Skip("range of git commits", c.doc.ID)
		return r, false
	default:
		c.out.Skip("bad record: range type", c.doc.ID)
		return r, false
	}
	introduced := false
	for _, e := range from.Events {
		event, ok := e.event()
		if !ok {
			c.out.Skip("bad record: range event", c.doc.ID)
			return r, false
		}
		if event == (advisory.Event{Kind: advisory.Limit, Version: "*"}) {
			continue // infinity
		}
		introduced = introduced || event.Kind == advisory.Introduced
		r.Events = append(r.Events, event)
	}
	if !introduced {
		c.out.Skip("bad record: range without a beginning", c.doc.ID)
		return r, false
	}
	if len(r.Events) == 2 && r.Events[1] == (advisory.Event{Kind: advisory.Fixed, Version: "0"}) {
		c.out.Skip("never affected", c.doc.ID)
		return r, false
	}
	return r, true
}

// event is the one thing that an event says.
func (e osvEvent) event() (advisory.Event, bool) {
	var event advisory.Event
	n := 0
	for kind, version := range []string{
		advisory.Introduced: e.Introduced, advisory.Fixed: e.Fixed,
		advisory.LastAffected: e.LastAffected, advisory.Limit: e.Limit,
	} {
		if version != "" {
			n++
			event = advisory.Event{Kind: advisory.EventKind(kind), Version: version}
		}
	}
	return event, n == 1 && fits(event.Version)
}

// withPlainUbuntu adds, where a record speaks of a package only for those who
// pay for Ubuntu Pro, that everybody else has it without a fix.
func withPlainUbuntu(list []advisory.Affected) []advisory.Affected {
	type key struct{ ecosystem, name string }
	plain := make(map[key]bool)
	for _, a := range list {
		if strings.HasPrefix(a.Ecosystem, "Ubuntu:") {
			plain[key{a.Ecosystem, a.Package}] = true
		}
	}
	for _, a := range list { // the list as it was, while it grows
		release, ok := strings.CutPrefix(a.Ecosystem, "Ubuntu:Pro:")
		if !ok || release == "" || release[0] < '0' || release[0] > '9' { // Pro:FIPS:… are other packages
			continue
		}
		k := key{"Ubuntu:" + release, a.Package}
		if plain[k] {
			continue
		}
		plain[k] = true
		list = append(list, advisory.Affected{
			Ecosystem: k.ecosystem, Package: k.name,
			Ranges:     []advisory.Range{everyVersion()},
			Severities: a.Severities,
			FixState:   finding.NotFixed,
		})
	}
	return list
}
