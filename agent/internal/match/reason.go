package match

import (
	"fmt"
	"strings"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// whyAffected names the span that v lies in.
func (e ecosystem) whyAffected(ecosystem string, a *advisory.Affected, v installed) string {
	for _, r := range a.Ranges {
		if in, _ := e.inRange(r, v.parsed); in != yes {
			continue
		}
		for _, s := range Spans(ecosystem, r) {
			if e.reaches(s, v) && !e.ended(s, v) {
				return s.around()
			}
		}
	}
	if len(a.Ranges) == 0 || e.listed(a.Versions, v) {
		return fmt.Sprintf("it is one of the %d versions listed", len(a.Versions))
	}
	return "it lies in a range of the advisory"
}

// around says that a version lies in s.
func (s Span) around() string {
	end := ""
	switch {
	case s.Fixed:
		end = "before the fix " + s.Before
	case s.Before != "":
		end = "before " + s.Before + ", where the advisory ends"
	case s.UpTo != "":
		end = "not after " + s.UpTo + ", the last that is affected"
	}
	switch {
	case s.From == "" && end == "":
		return "every version is affected"
	case s.From == "":
		return end
	case end == "":
		return "at or after " + s.From + ", where it was introduced"
	}
	return "at or after " + s.From + " and " + end
}

// whyNot names the nearest ends below v and the nearest beginning above it.
func (e ecosystem) whyNot(ecosystem string, a *advisory.Affected, v installed) string {
	var below, above *Span
	for _, r := range a.Ranges {
		for _, s := range Spans(ecosystem, r) {
			switch {
			case !e.reaches(s, v):
				if above == nil || e.less(s.From, above.From) {
					above = &s
				}
			case below == nil || e.less(below.end(), s.end()):
				below = &s
			}
		}
	}
	var reasons []string
	switch {
	case below == nil:
	case below.Fixed:
		reasons = append(reasons, "at or after the fix "+below.Before)
	case below.UpTo != "":
		reasons = append(reasons, "after "+below.UpTo+", the last that is affected")
	default:
		reasons = append(reasons, "at or after "+below.Before+", where the advisory ends")
	}
	switch {
	case above == nil:
	case below == nil:
		reasons = append(reasons, "before "+above.From+", where it was introduced")
	default:
		reasons = append(reasons, "before "+above.From+", where it comes back")
	}
	if len(reasons) == 0 && len(a.Versions) > 0 {
		return fmt.Sprintf("it is none of the %d versions listed", len(a.Versions))
	}
	if len(reasons) == 0 {
		return "the advisory says that no version is affected"
	}
	return strings.Join(reasons, " and ")
}

// end is the version that ends s.
func (s Span) end() string {
	if s.UpTo != "" {
		return s.UpTo
	}
	return s.Before
}

// reaches says whether v is at or after the beginning of s.
func (e ecosystem) reaches(s Span, v installed) bool {
	return s.From == "" || v.parsed != nil && !e.before(v, s.From)
}

// ended says whether v is behind the end of s.
func (e ecosystem) ended(s Span, v installed) bool {
	switch {
	case s.Before != "":
		return !e.before(v, s.Before)
	case s.UpTo != "":
		return e.less(s.UpTo, v.text)
	}
	return false
}

func (e ecosystem) before(v installed, text string) bool { return e.less(v.text, text) }

// less says that a is older than b. What cannot be compared is not.
func (e ecosystem) less(a, b string) bool {
	v, ok := e.order(a)
	w, too := e.order(b)
	return ok && too && older(v, w)
}

// whyUndecided names the version that has no place in the order.
func (e ecosystem) whyUndecided(ecosystem string, a *advisory.Affected, v installed) string {
	if v.parsed == nil {
		return fmt.Sprintf("%q is no version in the order of %s", v.text, ecosystem)
	}
	for _, r := range a.Ranges {
		for _, event := range r.Events {
			if event.Version == "0" || event.Version == "*" {
				continue
			}
			at, ok := e.order(event.Version)
			if !ok {
				return fmt.Sprintf("the advisory's %q is no version in the order of %s", event.Version, ecosystem)
			}
			if _, ok := v.parsed.compare(at); !ok {
				return fmt.Sprintf("nobody can tell whether %q is older than the advisory's %q", v.text, event.Version)
			}
		}
	}
	return "the versions cannot be compared"
}
