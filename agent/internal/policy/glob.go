package policy

// globMatch reports whether the whole text matches the pattern, in which "*"
// stands for any run of characters, "/" included, and everything else for
// itself. There is no "?" and no "[…]": "?" begins the qualifiers of a package
// URL, and a pattern must not change its meaning with what it is used for.
//
// It needs no memory and at most len(pattern)×len(text) steps: on a mismatch
// only the last "*" has to take one character more.
func globMatch(pattern, text string) bool {
	p, t := 0, 0
	star, resume := -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			resume++
			p, t = star+1, resume
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// anyMatch reports whether any of the patterns matches any of the texts.
func anyMatch(patterns, texts []string) bool {
	for _, pattern := range patterns {
		for _, text := range texts {
			if globMatch(pattern, text) {
				return true
			}
		}
	}
	return false
}

// covers reports whether everything that narrow matches is sure to match wide
// too. Read as a text, narrow's own "*" can only be taken by one of wide's.
func covers(wide, narrow string) bool { return globMatch(wide, narrow) }
