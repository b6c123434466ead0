package result

import (
	"encoding/json"
	"fmt"
	"io"
)

// Write writes a result as indented JSON with a newline at the end. Empty
// lists are written as [], never null, and "<", ">" and "&" as they are. It
// refuses what Read would refuse.
func Write(w io.Writer, r *Result) error {
	if err := r.validate(); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	out := *r
	out.Database.Sources = orEmpty(out.Database.Sources)
	out.Verdict.Reasons = orEmpty(out.Verdict.Reasons)
	out.Layers = orEmpty(out.Layers)
	out.Findings = orEmpty(out.Findings)
	out.Incomplete = orEmpty(out.Incomplete)
	out.Packages = orEmpty(out.Packages)
	if out.Totals.BySeverity == nil || out.Totals.ByAction == nil {
		out.Totals = Count(out.Findings)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(&out); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	return nil
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
