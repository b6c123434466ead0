package policy

import (
	"fmt"
	"io"
	"time"
)

// Check is for those who write a policy: it returns all problems that Parse
// finds and, where there are none, what is valid but surely not meant:
// exceptions that have expired and rules that no image can reach.
func Check(r io.Reader, name string, now time.Time) []Problem {
	p, problems, err := parse(r, name)
	if err != nil {
		return []Problem{{File: name, Message: err.Error()}}
	}
	if len(problems) > 0 {
		return problems
	}
	return append(p.shadowed(name), p.expired(name, now)...)
}

// shadowed are the rules behind one that matches all that they match.
func (p *Policy) shadowed(file string) []Problem {
	var problems []Problem
	for i, r := range p.Rules {
		for _, earlier := range p.Rules[:i] {
			if earlier.Scope.shadows(r.Scope) {
				problems = append(problems, Problem{file, r.Position.Line, r.Position.Column, fmt.Sprintf(
					"rule %q can never decide: rule %q in line %d matches every image that it matches; "+
						"put it above that one, or narrow that one's scope",
					cut(r.Name), cut(earlier.Name), earlier.Position.Line)})
				break
			}
		}
	}
	return problems
}

// expired are the exceptions that are over.
func (p *Policy) expired(file string, now time.Time) []Problem {
	var problems []Problem
	for _, e := range p.Exceptions {
		if e.expiredAt(now) {
			problems = append(problems, Problem{file, e.Position.Line, e.Position.Column, fmt.Sprintf(
				"the exception for %s expired on %s: remove it, or ask %s whether to renew it",
				shown(e.ID), e.day(), shown(e.Owner))})
		}
	}
	return problems
}
