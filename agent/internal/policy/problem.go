package policy

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a policy: what it is and what to do.
type Problem struct {
	File         string
	Line, Column int // from 1; 0 where the problem has no place
	Message      string
}

// String is the problem as compilers write it: file:line:column: message.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
}

// Error is all that is wrong with a policy, in the order of the file.
type Error []Problem

// Error is one line for each problem.
func (e Error) Error() string {
	lines := make([]string, len(e))
	for i, p := range e {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}
