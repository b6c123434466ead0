package match

import "strings"

// rpmVersion is [epoch:]version[-release], in rpm's order (rpm-version(7)).
//
// It is our own since real advisories have versions that osv-scalibr orders by
// luck ("null.cm2", "1.17.13-2,1.18.8-2").
type rpmVersion struct{ epoch, version, release string }

func rpmOrder(text string) (version, bool) {
	text = strings.TrimSpace(text)
	var v rpmVersion
	rest := text
	if epoch, after, ok := strings.Cut(text, ":"); ok {
		if n, garbage := digits(epoch); n == "" || garbage != "" {
			return nil, false
		}
		// Azure Linux publishes "0: 1.20.10-1.cm2".
		v.epoch, rest = epoch, strings.TrimSpace(after)
	}
	v.version, v.release, _ = strings.Cut(rest, "-")
	return v, v.version != "" && isDigit(v.version[0]) && onlyRPM(v.version)
}

// onlyRPM says that s is made of the characters that rpmbuild allows in a
// version or a release.
func onlyRPM(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && !isLetter(s[i]) && strings.IndexByte("._+~^", s[i]) < 0 {
			return false
		}
	}
	return true
}

func (v rpmVersion) compare(other version) (int, bool) {
	w := other.(rpmVersion)
	if c := compareNumbers(v.epoch, w.epoch); c != 0 {
		return c, true
	}
	if c := compareRPM(v.version, w.version); c != 0 {
		// Without a release, "0.9.0.cm2" may be 0.9.0 with its release's tail.
		glued := v.release == "" && strings.HasPrefix(v.version, w.version) ||
			w.release == "" && strings.HasPrefix(w.version, v.version)
		return c, !glued
	}
	if v.release == w.release {
		return 0, true
	}
	decided := v.release != "" && w.release != "" && onlyRPM(v.release) && onlyRPM(w.release)
	return compareRPM(v.release, w.release), decided
}

// compareRPM compares stretches of letters and of digits in turn; whatever
// else lies between them only parts them, but for tilde and caret.
func compareRPM(a, b string) int {
	for {
		a, b = strings.TrimLeft(a, "._+"), strings.TrimLeft(b, "._+")
		// A tilde sorts before everything, the end included.
		if at, bt := strings.HasPrefix(a, "~"), strings.HasPrefix(b, "~"); at && bt {
			a, b = a[1:], b[1:]
			continue
		} else if at {
			return -1
		} else if bt {
			return 1
		}
		// A caret sorts after the end and before everything else.
		if ac, bc := strings.HasPrefix(a, "^"), strings.HasPrefix(b, "^"); ac && bc {
			a, b = a[1:], b[1:]
			continue
		} else if ac && b != "" || bc && a == "" {
			return -1
		} else if ac || bc {
			return 1
		}
		if a == "" || b == "" {
			return sign(len(a) - len(b))
		}
		if isDigit(a[0]) != isDigit(b[0]) { // a number is newer than letters
			if isDigit(a[0]) {
				return 1
			}
			return -1
		}
		var m, n string
		if isDigit(a[0]) {
			m, a = digits(a)
			n, b = digits(b)
			if c := compareNumbers(m, n); c != 0 {
				return c
			}
			continue
		}
		m, a = letters(a)
		n, b = letters(b)
		if c := strings.Compare(m, n); c != 0 {
			return c
		}
	}
}

// letters splits the leading letters off s.
func letters(s string) (word, rest string) {
	i := 0
	for i < len(s) && isLetter(s[i]) {
		i++
	}
	return s[:i], s[i:]
}
