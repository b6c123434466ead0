package dockerfile

import "testing"

// TestGapped: variables as Dockerfile's reference has them ("Environment
// replacement"); one after the escape character is none.
func TestGapped(t *testing.T) {
	for text, want := range map[string]string{
		"$A": gap, "${A}": gap, "${A:-$B}c": gap + "c", "a$A/b": "a" + gap + "/b", "$": "$", "a$": "a$", "${A": "${A",
		`\$A`: `\$A`, `\${A}`: `\${A}`, `\\$A`: `\\` + gap, `a\`: `a\`,
	} {
		if got := gapped(text, '\\'); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	if got := gapped("`$A", '`'); got != "`$A" {
		t.Errorf("escaped by a backtick: %q", got)
	}
}

// TestFits: the parts of a pattern stand in order, and none stands in another.
func TestFits(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"ab${A}ba", "abxba", true}, {"ab${A}ba", "abba", true}, {"ab${A}ba", "aba", false}, {"ab${A}ba", "ab", false},
		{"a${A}b${B}c", "axbxc", true}, {"a${A}b${B}c", "axc", false}, {"a${A}bc${B}cd", "abcd", false},
		{"x $A y", "x y", true}, {"x $A", "x", true}, {"$A", "", true}, {"x", "x ", false},
	} {
		if got := newPattern(gapped(tt.pattern, '\\')).fits(tt.text); got != tt.want {
			t.Errorf("%q fits %q: %v", tt.text, tt.pattern, got)
		}
	}
}
