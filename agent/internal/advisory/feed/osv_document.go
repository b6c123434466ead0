package feed

import "encoding/json"

// osvDocument is what is read of an OSV record. Fields that differ from
// publisher to publisher stay raw until somebody asks for them, so that an odd
// one does not cost the record.
type osvDocument struct {
	ID        string        `json:"id"`
	Modified  string        `json:"modified"`
	Published string        `json:"published"`
	Withdrawn string        `json:"withdrawn"`
	Aliases   []string      `json:"aliases"`
	Upstream  []string      `json:"upstream"`
	Related   []string      `json:"related"`
	Summary   string        `json:"summary"` // read for an erratum's severity and module, never kept
	Severity  []osvSeverity `json:"severity"`
	Affected  []osvAffected `json:"affected"`
	Database  osvSpecific   `json:"database_specific"`
}

type osvSeverity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges    []osvRange    `json:"ranges"`
	Versions  []string      `json:"versions"`
	Severity  []osvSeverity `json:"severity"`
	Ecosystem osvSpecific   `json:"ecosystem_specific"`
	Database  osvSpecific   `json:"database_specific"`
}

type osvRange struct {
	Type   string     `json:"type"`
	Events []osvEvent `json:"events"`
}

type osvEvent struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// osvSpecific is an object whose fields the publisher chose: those that are
// read of any.
type osvSpecific struct {
	Severity      osvText         `json:"severity"`      // a word: GitHub, Bitnami, Azure Linux, openEuler, Rocky Linux
	Urgency       osvText         `json:"urgency"`       // Debian
	Status        osvText         `json:"ubuntu_status"` // Ubuntu
	Informational osvText         `json:"informational"` // RustSec
	Score         json.RawMessage `json:"cvss"`          // the node security working group: a number
	Scores        json.RawMessage `json:"cvss_scores"`   // ruby-advisory-db
	Components    json.RawMessage `json:"components"`    // Chainguard
	CustomRanges  json.RawMessage `json:"custom_ranges"` // Go
	Imports       json.RawMessage `json:"imports"`       // Go
	Affects       json.RawMessage `json:"affects"`       // RustSec
}

// UnmarshalJSON takes an object; anything else says nothing.
func (s *osvSpecific) UnmarshalJSON(data []byte) error {
	type fields osvSpecific
	var f fields
	if json.Unmarshal(data, &f) == nil {
		*s = osvSpecific(f)
	}
	return nil
}

// osvText is a string; anything else in its place is "".
type osvText string

// UnmarshalJSON takes anything.
func (t *osvText) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = osvText(s)
	}
	return nil
}
