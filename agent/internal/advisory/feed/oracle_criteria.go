package feed

import (
	"regexp"
	"strings"
)

// ovalCriteria is a tree of conditions. In Oracle's, a node with AND holds the
// conditions for all that is below it (the release, the architecture, the
// module's stream), and one with OR the packages of which any will do.
type ovalCriteria struct {
	Operator string          `xml:"operator,attr"` // AND if absent
	Negate   string          `xml:"negate,attr"`
	Criteria []ovalCriteria  `xml:"criteria"`
	Tests    []ovalCriterion `xml:"criterion"`
}

type ovalCriterion struct {
	Negate  string `xml:"negate,attr"`
	Ref     string `xml:"test_ref,attr"`
	Comment string `xml:"comment,attr"`
}

// The forms of a comment. The architecture is not asked for, since an advisory
// has no place for it (see affectedBy), nor is the key that a package is signed
// with: a package signed by someone else is not safer.
var (
	ovalRelease = regexp.MustCompile(`^Oracle Linux (\d+) is installed$`)
	ovalModule  = regexp.MustCompile(`^Module (\S+:\S+) is enabled$`)
	ovalEarlier = regexp.MustCompile(`^(\S+) is earlier than (\S+)$`)
	ovalIgnored = regexp.MustCompile(`^Oracle Linux arch is \S+$|^\S+ is signed with the .+ key$`)
)

// oracleTrain is the series of an Unbreakable Enterprise Kernel, "4.14" of
// 4.14.35-1902.6.6.el7uek. A release has several at once under one name.
var oracleTrain = regexp.MustCompile(`^(?:\d+:)?(\d+\.\d+)\..*\.el\d+uek`)

// builds are the packages of the tree with what must hold for them, and what
// in it could not be understood. Conditions that are not understood are taken
// to hold.
func (c *ovalCriteria) builds() (builds []build, problem string) {
	w := ovalWalk{}
	w.walk(c, build{})
	return w.found, w.problem
}

type ovalWalk struct {
	found   []build
	problem string
}

// walk goes through the tree below c. around is what the nodes above ask for.
func (w *ovalWalk) walk(c *ovalCriteria, around build) {
	if negated(c.Negate) {
		w.problem = "criteria not understood: a negation"
		return
	}
	all := c.Operator == "" || c.Operator == "AND"
	var packages []build
	for _, test := range c.Tests {
		comment := strings.TrimSpace(test.Comment)
		if negated(test.Negate) {
			w.problem = "criteria not understood: a negation"
		} else if m := ovalEarlier.FindStringSubmatch(comment); m != nil {
			packages = append(packages, build{name: m[1], version: withoutNoEpoch(m[2])})
		} else if m := ovalRelease.FindStringSubmatch(comment); m != nil && all {
			around.ecosystem = "Oracle Linux:" + m[1]
		} else if m := ovalModule.FindStringSubmatch(comment); m != nil && all {
			around.module = m[1]
		} else if !ovalIgnored.MatchString(comment) {
			w.problem = "criteria not understood: a comment"
		}
	}
	for _, p := range packages {
		w.add(p, around)
	}
	for i := range c.Criteria {
		w.walk(&c.Criteria[i], around)
	}
}

func negated(attribute string) bool { return attribute == "true" || attribute == "1" }

func (w *ovalWalk) add(p, around build) {
	switch {
	case around.ecosystem == "" || !fits(p.name) || !fits(p.version) || !fits(around.ecosystem):
		w.problem = "bad record: a package without a release, name or version"
		return
	case around.module != "" && !fits(around.module):
		w.problem = "bad record: a module's name"
		return
	case p.version == "0":
		return // earlier than the first
	}
	p.ecosystem, p.module = around.ecosystem, around.module
	if m := oracleTrain.FindStringSubmatch(p.version); m != nil {
		p.since = sinceStream(p.version, m[1])
	}
	w.found = append(w.found, p)
}
