package report

import (
	"crypto/sha256"
	"encoding/hex"
	"unicode/utf8"
)

// GitLab shows names, identifiers and most details as plain text: there
// EscapeTerminal does, which also keeps out the null character that GitLab's
// database refuses. Descriptions and solutions are Markdown, and end up in
// issues: there prose and code keep the image's text from being anything else.

// clip cuts a text to max characters, the last being "…" then.
func clip(s string, max int) string {
	if utf8.RuneCountInString(s) <= max {
		return s
	}
	return string([]rune(s)[:max-1]) + "…"
}

// clipName escapes and cuts what GitLab tells things apart by: two long names
// that differ in the end only are still two.
func clipName(s string, max int) string {
	escaped := EscapeTerminal(s)
	if utf8.RuneCountInString(escaped) <= max {
		return escaped
	}
	sum := sha256.Sum256([]byte(s))
	tail := "…" + hex.EncodeToString(sum[:4])
	return string([]rune(escaped)[:max-utf8.RuneCountInString(tail)]) + tail
}
