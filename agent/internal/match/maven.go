package match

import (
	"regexp"
	"slices"
	"strings"
)

// mavenVersion is a version in the order of Maven's ComparableVersion
// (https://maven.apache.org/pom.html#version-order-specification): a list of
// numbers, words and lists, since a hyphen begins a list within the list, and
// so does a change between digits and letters.
//
// It is our own since osv-scalibr's keeps the zero in 4.1.0.Beta1, which it so
// takes for newer than 4.1.0-beta2.
type mavenVersion struct{ items mavenList }

// mavenShape: Maven compares any text; what occurs in its central repository
// and has an order that means something holds a digit and no separators but
// these.
var mavenShape = regexp.MustCompile(`^[0-9A-Za-z._+-]*[0-9][0-9A-Za-z._+-]*$`)

func mavenOrder(text string) (version, bool) {
	text = strings.TrimSpace(text)
	if len(text) > maxVersion || !mavenShape.MatchString(text) {
		return nil, false
	}
	p := mavenParser{rest: strings.ToLower(text)}
	return mavenVersion{p.list()}, true
}

func (v mavenVersion) compare(other version) (int, bool) {
	return v.items.compare(other.(mavenVersion).items), true
}

// mavenParser reads what is left of a version.
type mavenParser struct{ rest string }

// list reads the items of a list, which ends where the version does: a list
// within it is its last item.
func (p *mavenParser) list() mavenList {
	var list mavenList
	for p.rest != "" {
		text := p.stretch()
		number := text != "" && isDigit(text[0])
		last := p.rest == ""
		changes := !last && p.rest[0] != '.' && p.rest[0] != '-'
		if !number && text != "" && (changes || last) && len(list) > 0 {
			// ".x1" is "-x1": a word before a digit or at the end begins a list.
			p.rest = text + p.rest
			list = append(list, p.list())
			break
		}
		switch {
		case text == "":
			list = append(list, mavenNumber(""))
		case number:
			list = append(list, mavenNumber(strings.TrimLeft(text, "0")))
		default:
			list = append(list, mavenWordOf(text, changes))
		}
		if last {
			break
		}
		hyphen := p.rest[0] == '-'
		if !changes {
			p.rest = p.rest[1:]
		}
		if changes || hyphen {
			list = append(list, p.list())
			break
		}
	}
	return list.trim()
}

// stretch takes the leading digits, or what lies before the next digit or
// separator.
func (p *mavenParser) stretch() (text string) {
	if text, p.rest = digits(p.rest); text != "" {
		return text
	}
	i := strings.IndexAny(p.rest, ".-0123456789")
	if i < 0 {
		i = len(p.rest)
	}
	text, p.rest = p.rest[:i], p.rest[i:]
	return text
}

// mavenItem is a number, a word or a list.
type mavenItem interface {
	// compare with nil compares with nothing: 1.0 and 1 are the same.
	compare(other mavenItem) int
}

type (
	mavenNumber string // digits without leading zeros
	mavenWord   string
	mavenList   []mavenItem
)

// mavenWords in ascending order; the empty one is a release. Others are newer,
// and in the order of the alphabet.
var mavenWords = [...]string{"alpha", "beta", "milestone", "rc", "snapshot", "", "sp"}

const mavenRelease = 5

func mavenWordOf(text string, beforeDigit bool) mavenWord {
	switch text {
	case "ga", "final", "release":
		return ""
	case "cr":
		return "rc"
	}
	if beforeDigit {
		switch text {
		case "a":
			return "alpha"
		case "b":
			return "beta"
		case "m":
			return "milestone"
		}
	}
	return mavenWord(text)
}

func (w mavenWord) rank() int {
	for i, word := range mavenWords {
		if string(w) == word {
			return i
		}
	}
	return len(mavenWords)
}

// trim takes away what is as good as nothing, from the end and before lists.
func (l mavenList) trim() mavenList {
	for i := len(l) - 1; i >= 0; i-- {
		if sub, ok := l[i].(mavenList); ok && len(sub) > 0 {
			continue
		}
		if l[i].compare(nil) != 0 {
			break
		}
		l = slices.Delete(l, i, i+1)
	}
	return l
}

func (n mavenNumber) compare(other mavenItem) int {
	switch other := other.(type) {
	case mavenNumber:
		return compareNumbers(string(n), string(other))
	case nil:
		return compareNumbers(string(n), "")
	}
	return 1 // 1.1 is newer than 1-1 and 1-x
}

func (w mavenWord) compare(other mavenItem) int {
	switch other := other.(type) {
	case mavenWord:
		if c := sign(w.rank() - other.rank()); c != 0 || w.rank() < len(mavenWords) {
			return c
		}
		return strings.Compare(string(w), string(other))
	case nil:
		return sign(w.rank() - mavenRelease)
	}
	return -1 // 1-x is older than 1-1 and 1.1
}

func (l mavenList) compare(other mavenItem) int {
	switch other := other.(type) {
	case mavenList:
		for i := range max(len(l), len(other)) {
			var c int
			switch {
			case i >= len(l):
				c = -other[i].compare(nil)
			case i >= len(other):
				c = l[i].compare(nil)
			default:
				c = l[i].compare(other[i])
			}
			if c != 0 {
				return c
			}
		}
		return 0
	case mavenNumber:
		return -1
	case mavenWord:
		return 1
	}
	for _, item := range l {
		if c := item.compare(nil); c != 0 {
			return c
		}
	}
	return 0
}
