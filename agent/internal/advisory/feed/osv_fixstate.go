package feed

import (
	"encoding/json"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// osvFixState is what a publisher says, in fields of its own, where no range
// has a fix.
func osvFixState(from *osvAffected, ranges []advisory.Range) finding.FixState {
	if hasFix(ranges) {
		return ""
	}
	// The words of Ubuntu's CVE tracker
	// (https://documentation.ubuntu.com/security/, "CVE status").
	switch from.Ecosystem.Status {
	case "":
	case "ignored":
		return finding.WillNotFix
	default:
		return finding.NotFixed
	}
	if from.Ecosystem.Urgency == "end-of-life" { // Debian's
		return finding.WillNotFix
	}
	if noFixPlanned(from.Ecosystem.Components) {
		return finding.WillNotFix
	}
	if fixedElsewhere(from.Ecosystem.CustomRanges) {
		return finding.FixUnknown
	}
	return ""
}

func hasFix(ranges []advisory.Range) bool {
	for _, r := range ranges {
		for _, e := range r.Events {
			if e.Kind == advisory.Fixed {
				return true
			}
		}
	}
	return false
}

// noFixPlanned says whether Chainguard plans no fix for any part of a package
// that is affected (https://github.com/wolfi-dev/advisories, "event types").
func noFixPlanned(components json.RawMessage) bool {
	var list []struct {
		Status string `json:"latest_event_status"`
	}
	if json.Unmarshal(components, &list) != nil {
		return false
	}
	for _, c := range list {
		if c.Status != "fix_not_planned" {
			return false
		}
	}
	return len(list) > 0
}

// fixedElsewhere says whether Go's custom_ranges have a fix. They are in
// versions that the project uses and Go does not, to be shown to people
// (https://go.googlesource.com/vulndb/+/183a48467d5b7bb8): no module's version
// can be compared with them, but a fix among them means that there is one.
func fixedElsewhere(customRanges json.RawMessage) bool {
	var list []osvRange
	if json.Unmarshal(customRanges, &list) != nil {
		return false
	}
	for _, r := range list {
		for _, e := range r.Events {
			if e.Fixed != "" {
				return true
			}
		}
	}
	return false
}
