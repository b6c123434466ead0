// Package finding is what a scan finds: one Finding for each thing wrong, and
// one Gap for each thing that the scan could not read or decide.
//
// A gap is as important as a finding: it is what keeps a broken scan from
// looking clean.
package finding

import "time"

// Kind is what sort of thing is wrong.
type Kind string

// The kinds.
const (
	Vulnerability    Kind = "vulnerability"
	Misconfiguration Kind = "misconfiguration"
	Secret           Kind = "secret"
	Malware          Kind = "malware"
	WeakPassword     Kind = "weak-password"
	Exposure         Kind = "exposure"
)

// Finding is one thing wrong with the image.
type Finding struct {
	Kind        Kind   `json:"kind"`
	ID          string `json:"id"`          // what people call it: CVE before GHSA before the distro's id
	Fingerprint string `json:"fingerprint"` // the same in every build and on every machine; see Fingerprint

	// Aliases are all other ids of the same problem, sorted.
	Aliases []string `json:"aliases,omitempty"`

	Severity       Severity `json:"severity"`
	SeveritySource string   `json:"severitySource,omitempty"` // who says so: "Debian", "GHSA", "CVSS 3.1", …
	Ratings        []Rating `json:"ratings,omitempty"`        // everything that was said, best source first

	Package *Package `json:"package,omitempty"` // for a vulnerability
	Path    string   `json:"path,omitempty"`    // the file: a package database, a jar, a binary, …
	Layer   int      `json:"layer"`             // index into the result's layers; -1 where no layer can be named

	FixState FixState `json:"fixState,omitempty"`
	FixedIn  []string `json:"fixedIn,omitempty"` // versions that fix it, ascending, the nearest upgrade first

	// FixDate is the day on which the nearest version that fixes it came out;
	// zero where nobody says so. FixFirstSeen: it is when an advisory index
	// first had that version, which may be some days later.
	FixDate      time.Time `json:"fixDate,omitzero"`
	FixFirstSeen bool      `json:"fixFirstSeen,omitempty"`

	KnownExploited bool      `json:"knownExploited,omitempty"` // in CISA's catalogue
	EPSS           *float64  `json:"epss,omitempty"`           // probability of exploitation within 30 days, 0 to 1
	Published      time.Time `json:"published,omitzero"`
	Modified       time.Time `json:"modified,omitzero"`
	Advisories     []string  `json:"advisories,omitempty"` // the records that it was made from: "DEBIAN-CVE-2021-3711"
	Sources        []string  `json:"sources,omitempty"`    // the feeds that they came from

	Verdict Verdict `json:"verdict"` // filled by the policy
}

// Package is the package that a vulnerability was found in.
type Package struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Type       string `json:"type"` // as in its purl: deb, apk, rpm, npm, maven, …
	PURL       string `json:"purl"`
	Source     string `json:"source,omitempty"` // the source package that the advisory names, if another
	FirstLayer int    `json:"firstLayer"`       // the layer that first brought a version of it
	OwnedBy    string `json:"ownedBy,omitempty"`
}

// Rating is one source's opinion of how bad a vulnerability is.
type Rating struct {
	Source   string   `json:"source"`           // feed or publisher
	Method   string   `json:"method"`           // "CVSS_V4", "CVSS_V3", "CVSS_V2", or "distro"
	Vector   string   `json:"vector,omitempty"` // the CVSS vector
	Score    float64  `json:"score,omitempty"`  // 0 to 10, computed from the vector
	Severity Severity `json:"severity"`
}

// FixState says whether the vendor has a fix.
type FixState string

// The fix states.
const (
	FixUnknown FixState = "unknown"
	Fixed      FixState = "fixed"
	NotFixed   FixState = "not-fixed"
	WillNotFix FixState = "will-not-fix"
)

// Action is the policy's answer.
type Action string

// The actions. Ignore is kept apart from Pass: an ignored finding is still
// there, and its reason says why it does not count.
const (
	Pass   Action = "pass"
	Ignore Action = "ignore"
	Alert  Action = "alert"
	Block  Action = "block"
)

// Verdict is the policy's answer for one finding, and why.
type Verdict struct {
	Action Action `json:"action"`
	Rule   string `json:"rule,omitempty"` // the rule or exception that decided
	Reason string `json:"reason"`         // one sentence for people
}

// GapKind is what sort of thing could not be done.
type GapKind string

// The kinds of gaps.
const (
	Unreadable GapKind = "unreadable" // a file or layer that could not be read whole
	Undecided  GapKind = "undecided"  // versions that could not be compared
	Unknowable GapKind = "unknown"    // no data: an unknown distro, no advisories for an ecosystem
	Limited    GapKind = "limit"      // a limit cut it short
)

// Gap is one thing that the scan could not read or decide. A result with a
// gap is incomplete.
type Gap struct {
	Kind    GapKind  `json:"kind"`
	Subject string   `json:"subject"`       // a path, a package URL, a layer's digest
	Reason  string   `json:"reason"`        // what was attempted and why it failed, one line
	Layer   int      `json:"layer"`         // index into the result's layers; -1 where no layer can be named
	IDs     []string `json:"ids,omitempty"` // the advisories that could not be decided
}
