package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
)

func severityStyle(s finding.Severity) style {
	switch s {
	case finding.Critical:
		return alarm
	case finding.High:
		return red
	case finding.Medium:
		return yellow
	case finding.Low:
		return cyan
	}
	return faint
}

// actions is the order in which actions are counted.
var actions = []finding.Action{finding.Block, finding.Alert, finding.Ignore, finding.Pass}

func actionStyle(a finding.Action) style {
	switch a {
	case finding.Block:
		return alarm
	case finding.Alert:
		return yellow
	}
	return faint
}

// actionWord is an action as it stands in a row: the one that stops the
// pipeline must be found without colours.
func actionWord(a finding.Action) string {
	switch a {
	case finding.Block:
		return "BLOCK"
	case finding.Ignore:
		return "ignored"
	}
	return string(a)
}

func day(t time.Time) string {
	if t.IsZero() {
		return "an unknown date"
	}
	return t.UTC().Format(time.DateOnly)
}

func age(then, now time.Time) string {
	if then.IsZero() {
		return "age unknown"
	}
	days := int(now.Sub(then) / (24 * time.Hour))
	switch {
	case days < 0:
		return "in the future"
	case days == 1:
		return "1 day old"
	}
	return fmt.Sprintf("%d days old", days)
}

func platform(p image.Platform) string {
	if p == (image.Platform{}) {
		return ""
	}
	return p.String()
}

// shortDigest is enough of a digest to recognise it; JSON has all of it.
func shortDigest(d string) string {
	algorithm, hex, ok := strings.Cut(d, ":")
	if !ok || len(hex) <= 12 {
		return d
	}
	return algorithm + ":" + hex[:12]
}

func firstOf(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// size is bytes for people, in the decimal units of registries.
func size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}
