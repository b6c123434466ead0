// Package policy decides: it reads a YAML policy, and says of each finding
// whether it blocks, alerts or is ignored, and of the image whether it passes.
//
// A policy is a list of rules, each with a scope. The first rule whose scope
// matches the image decides alone; rules are never merged. Exceptions stand
// beside the rules and lift single findings until a date.
//
// Three things are held to throughout:
//
//   - A policy that is not understood whole is refused. An unknown key, a
//     wrong type or a feature that is not in force yet is a Problem with file,
//     line and column, since a rule that does nothing is worse than none.
//   - Nothing is hidden. Decide gives every finding a Verdict with the rule
//     and the reason, ignored ones too, and drops none.
//   - Doubt does not pass. An image that no rule matches, and a scan with gaps
//     (unless the rule accepts them), end with exit code 1.
//
// docs/policy.md describes the language for those who write policies.
package policy

import (
	"cmp"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
)

// Version is the policy version that this package reads.
const Version = 1

// Policy is one policy file.
type Policy struct {
	Database   Database
	Rules      []Rule // in order: the first whose scope matches decides
	Exceptions []Exception
}

// Position is where something stands in the policy's file; both count from 1.
type Position struct{ Line, Column int }

// Database bounds the age of the advisory index.
type Database struct {
	MaxAge    time.Duration  // zero: any age will do
	WhenOlder finding.Action // what an older index means: alert or block
}

// Rule says what findings mean for the images of its scope.
type Rule struct {
	Position Position
	Name     string
	Scope    Scope

	Vulnerabilities   Vulnerabilities
	Secrets           Actions
	Malware           Actions
	WeakPasswords     Actions
	Exposures         Actions
	Misconfigurations Actions

	EndOfLifeDistro finding.Action // the distro's support has ended; alert where the policy is silent
	Incomplete      finding.Action // the scan has gaps: alert or block; block where the policy is silent
}

// Scope says which images a rule is for. Every part that is given must match;
// a part that is nil matches always, so that the zero Scope matches every image.
type Scope struct {
	Images []string          // globs; one must match one of the image's names
	Labels map[string]string // each must be on the image, its value a glob
	Jobs   []string          // globs; one must match the pipeline's job
}

// Vulnerabilities is a rule's part for findings of that kind.
type Vulnerabilities struct {
	Actions

	// OnlyFixed turns block into alert where the vendor has no fix.
	OnlyFixed bool
	// BlockIf blocks whatever severity, OnlyFixed and BaseImage say.
	BlockIf BlockIf
	// BaseImage replaces the action for findings in layers of the base image.
	BaseImage map[finding.Severity]finding.Action
	// MaxAllowed blocks the image when more vulnerabilities than this are left
	// after exceptions and ignored severities.
	MaxAllowed map[finding.Severity]int

	// Read, but not in force yet: Parse refuses a policy that uses them.
	GraceDays map[finding.Severity]int // days from the day that the fix appeared
	OnlyNew   bool                     // what a baseline had cannot block
}

// BlockIf is what makes a vulnerability block by itself.
type BlockIf struct {
	KnownExploited bool     // it is in CISA's catalogue of known exploited vulnerabilities
	EPSSAtLeast    *float64 // its EPSS probability reaches this, above 0 and up to 1; nil: not asked
}

// Exception lifts findings until a date. Every part that is given must match.
type Exception struct {
	Position Position
	ID       string    // the finding's id or any of its aliases
	Packages []string  // globs over package URLs; nil: any finding
	Images   []string  // globs over the image's names; nil: every image
	Expires  time.Time // midnight UTC of the last day on which it applies
	Reason   string
	Owner    string
}

// Actions is an action for each severity, or one for all of them. The zero
// value is a part that the policy does not mention.
type Actions struct {
	All finding.Action // one action for every severity; empty if By is used
	By  map[finding.Severity]finding.Action
}

// For is the action for a severity, and the severity whose line of the policy
// says so. A severity without a line takes that of the next less severe one,
// so that nothing worse is treated more mildly; where there is none, it alerts
// (written is false), or is ignored if the next more severe one is. Unknown
// stands outside of that order.
func (a Actions) For(s finding.Severity) (action finding.Action, line finding.Severity, written bool) {
	if a.All != "" {
		return a.All, s, true
	}
	if action, ok := a.By[s]; ok || s == finding.Unknown {
		return cmp.Or(action, finding.Alert), s, ok
	}
	for line := s - 1; line > finding.Unknown; line-- {
		if action, ok := a.By[line]; ok {
			return action, line, true
		}
	}
	for line := s + 1; line <= finding.Critical; line++ {
		if action, ok := a.By[line]; ok && action == finding.Ignore {
			return action, line, true
		}
	}
	return finding.Alert, s, false
}
