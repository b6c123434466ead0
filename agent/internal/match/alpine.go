package match

import "strings"

// alpineVersion is a version of apk's: number{.number}[letter]{_suffix[number]}[~hash][-rN],
// in the order of apk-package(5), which Alpine, Wolfi and Chainguard share.
//
// It is our own since osv-scalibr's gives "no suffix" the rank of "_cvs",
// takes a missing -rN for -r0, and orders versions that are none of apk's
// ("4.10-1-r1", "10.0.11-0"; 91 in Alpine's own data) by their remains.
type alpineVersion string

func alpineOrder(text string) (version, bool) {
	text = strings.TrimSpace(text)
	return alpineVersion(text), text != "" && isDigit(text[0])
}

func (v alpineVersion) compare(other version) (int, bool) {
	a, b := alpineTokens{rest: string(v)}, alpineTokens{rest: string(other.(alpineVersion))}
	for first := true; ; first = false {
		a.next(first)
		b.next(first)
		if a.kind == apkInvalid || b.kind == apkInvalid {
			return 0, v == other
		}
		if a.kind != b.kind {
			return compareAlpineKinds(a, b), true
		}
		if a.kind == apkEnd {
			return 0, true
		}
		if c := compareAlpineTokens(a, b, first); c != 0 {
			return c, true
		}
	}
}

// alpineKind is what a part of a version is. When two versions are the same
// up to parts of different kinds, the one whose kind comes first here is newer.
type alpineKind uint8

const (
	apkNumber alpineKind = iota
	apkLetter
	apkSuffix
	apkSuffixNumber
	apkHash
	apkRevision
	apkEnd
	apkInvalid
)

// alpineSuffixes in ascending order; those before alpineNoSuffix make a
// version older than the one without.
var alpineSuffixes = [...]string{"alpha", "beta", "pre", "rc", "cvs", "svn", "git", "hg", "p"}

const alpineNoSuffix = 4

// alpineTokens reads a version part by part.
type alpineTokens struct {
	kind alpineKind
	text string // digits, a letter or a hash
	rank int    // of a suffix
	rest string
}

func (t *alpineTokens) next(first bool) {
	before, s := t.kind, t.rest
	t.kind = apkInvalid
	switch {
	case first:
		t.number(apkNumber, s)
	case s == "":
		t.kind = apkEnd
	case s[0] == '.' && before == apkNumber:
		t.number(apkNumber, s[1:])
	case 'a' <= s[0] && s[0] <= 'z' && before == apkNumber:
		// "1.9.5p2" is meant for 1.9.5_p2, not for a letter.
		if t.text, t.rest = s[:1], s[1:]; t.rest == "" || !isDigit(t.rest[0]) {
			t.kind = apkLetter
		}
	case s[0] == '_' && before <= apkSuffixNumber:
		t.suffix(s[1:])
	case isDigit(s[0]) && before == apkSuffix:
		t.number(apkSuffixNumber, s)
	case s[0] == '~' && before <= apkSuffixNumber:
		t.hash(s[1:])
	case strings.HasPrefix(s, "-r") && before <= apkHash:
		t.number(apkRevision, s[2:])
	}
}

func (t *alpineTokens) number(kind alpineKind, s string) {
	if t.text, t.rest = digits(s); t.text != "" {
		t.kind = kind
	}
}

func (t *alpineTokens) suffix(s string) {
	word, rest := letters(s)
	for i, suffix := range alpineSuffixes {
		if word == suffix {
			t.kind, t.rank, t.rest = apkSuffix, i, rest
		}
	}
}

func (t *alpineTokens) hash(s string) {
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
	if end < 0 {
		end = len(s)
	}
	if end > 0 {
		t.kind, t.text, t.rest = apkHash, s[:end], s[end:]
	}
}

func compareAlpineTokens(a, b alpineTokens, first bool) int {
	switch a.kind {
	case apkSuffix:
		return sign(a.rank - b.rank)
	case apkLetter, apkHash:
		return strings.Compare(a.text, b.text)
	case apkNumber:
		// After the first number, one with leading zeros is a fraction.
		if !first && (a.text[0] == '0' || b.text[0] == '0') {
			return strings.Compare(a.text, b.text)
		}
	}
	return compareNumbers(a.text, b.text)
}

func compareAlpineKinds(a, b alpineTokens) int {
	if a.kind == apkSuffix && a.rank < alpineNoSuffix {
		return -1
	}
	if b.kind == apkSuffix && b.rank < alpineNoSuffix {
		return 1
	}
	return sign(int(b.kind) - int(a.kind))
}
