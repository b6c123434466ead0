package finding

import (
	"encoding"
	"fmt"
	"strings"
)

// Severity is how bad a finding is. The zero value is Unknown; the others
// ascend, so that they can be compared with <.
type Severity int

// The severities, in ascending order.
const (
	Unknown Severity = iota
	Negligible
	Low
	Medium
	High
	Critical
)

// Severities lists all of them, worst first, with Unknown last: the order in
// which reports show them.
var Severities = []Severity{Critical, High, Medium, Low, Negligible, Unknown}

var severityNames = [...]string{"unknown", "negligible", "low", "medium", "high", "critical"}

var (
	_ encoding.TextMarshaler   = Unknown
	_ encoding.TextUnmarshaler = (*Severity)(nil)
)

// String is the severity's name in lower case.
func (s Severity) String() string {
	if s < Unknown || s > Critical {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return severityNames[s]
}

// MarshalText writes the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name in any case; anything else is an error.
func (s *Severity) UnmarshalText(text []byte) error {
	for i, name := range severityNames {
		if strings.EqualFold(name, string(text)) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("unknown severity %q (want one of %s)", text, strings.Join(severityNames[:], ", "))
}
