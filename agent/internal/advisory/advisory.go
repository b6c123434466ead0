// Package advisory is the record of one known vulnerability, in OSV's shape
// (https://ossf.github.io/osv-schema/) and without its prose: feeds write it,
// the store keeps it, the matcher reads it.
package advisory

import (
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
)

// Record is one publisher's statement about one vulnerability.
type Record struct {
	ID         string   // the publisher's id: GHSA-…, GO-…, DEBIAN-CVE-…
	Aliases    []string // other ids of the same vulnerability, a single upstream included
	Upstream   []string // of an erratum that fixes several vulnerabilities: their ids, each a finding of its own
	Feed       string   // the feed that it came from, as in the index's sources: "Debian", "Go", …
	Published  time.Time
	Modified   time.Time
	Withdrawn  time.Time // zero unless withdrawn; the store drops those
	Severities []Severity
	Affected   []Affected
}

// Severity is one rating, as published.
type Severity struct {
	Source string // who rated it: the feed's name
	Method string // CVSS_V2, CVSS_V3, CVSS_V4, or "distro" for a word in Score
	Score  string // a CVSS vector, or the distro's word in lower case
}

// Affected is what a record says about one package of one ecosystem.
type Affected struct {
	Ecosystem  string // OSV's, with the release for a distro: "Debian:12", "Alpine:v3.18", "npm"
	Package    string // the source package for a distro that publishes by source
	Ranges     []Range
	Versions   []string // affected versions, listed one by one
	Severities []Severity
	FixState   finding.FixState // what the vendor says where no range has a fix; "" lets the ranges speak

	// Module is the rpm module stream that the builds in question belong to,
	// "nodejs:18": packages of another stream, or of none, are not meant.
	// Empty where the publisher names none.
	Module string

	// FixDates says when versions that end a range came out. A feed gives the
	// days that its publisher gives; the store adds to them what it first saw.
	FixDates []FixDate
}

// FixDate is the day on which a version of a package that fixes something
// first appeared.
type FixDate struct {
	Version   string
	Day       time.Time // to the day, UTC
	FirstSeen bool      // the publisher gives no day: this is when an index first had it
}

// RangeType says in which order a range's versions stand.
type RangeType uint8

// The range types. Git ranges are dropped (and counted) by the feeds.
const (
	Ecosystem RangeType = iota // the ecosystem's own order
	SemVer                     // semantic versioning 2.0
)

// Range is a list of events in ascending order of versions.
type Range struct {
	Type   RangeType
	Events []Event
}

// EventKind says what happens at an event's version.
type EventKind uint8

// The event kinds, as in OSV's schema.
const (
	Introduced   EventKind = iota // affected from here; "0" is before every version
	Fixed                         // not affected from here
	LastAffected                  // not affected after this
	Limit                         // nothing is said from here
)

// Event is a version at which affected turns to not affected, or back.
type Event struct {
	Kind    EventKind
	Version string
}

// Match is one Affected of one Record, as the store finds it by package.
// Record.Affected is empty in it.
type Match struct {
	Record   *Record
	Affected Affected
}

// Facts is what is known of a CVE itself, whoever's package it is in.
type Facts struct {
	KnownExploited bool
	KEVAdded       time.Time
	EPSS           float64    // 0 to 1; meaningful only if HasEPSS
	HasEPSS        bool       // false: FIRST has no score for it
	Severities     []Severity // CVSS vectors that any source gave for this CVE
}
