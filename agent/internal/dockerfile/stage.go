package dockerfile

import (
	"fmt"
	"iter"
	"strings"
)

// stage is a FROM and what follows it.
type stage struct {
	name         string
	parent       int   // the stage that it goes on from, -1 where that is an image
	others       []int // those that it may go on from instead, if a variable is not as its default
	scratch      bool
	from         int // the line of its FROM
	instructions []instruction
}

// stagesOf divides a Dockerfile. Before the first FROM only ARG can stand.
func stagesOf(all []instruction) ([]stage, error) {
	var stages []stage
	byName := map[string]int{}
	global := map[string]string{}
	for _, in := range all {
		switch {
		case in.keyword == "FROM":
			s, err := newStage(in, byName, global)
			if err != nil {
				return nil, err
			}
			s.others = otherParents(stages, s.parent, in)
			stages = append(stages, s)
			if s.name != "" {
				byName[s.name] = len(stages) - 1
			}
		case len(stages) > 0:
			s := &stages[len(stages)-1]
			s.instructions = append(s.instructions, in)
		case in.keyword == "ARG":
			for _, w := range words(in.arguments, in.escape) {
				name, value, _ := strings.Cut(w, "=")
				global[name], _ = unquoted(value, in.escape)
			}
		default:
			return nil, fmt.Errorf("line %d: %s stands before the first FROM", in.at.first, in.keyword)
		}
	}
	if len(stages) == 0 {
		return nil, fmt.Errorf("it has no FROM: is it a Dockerfile?")
	}
	return stages, nil
}

// newStage reads FROM [--platform=…] IMAGE [AS NAME]. Names are compared
// without case.
func newStage(from instruction, byName map[string]int, global map[string]string) (stage, error) {
	w := words(withoutFlags(from.arguments, from.escape), from.escape)
	if len(w) != 1 && (len(w) != 3 || !strings.EqualFold(w[1], "AS")) {
		return stage{}, fmt.Errorf("line %d: FROM must be FROM IMAGE or FROM IMAGE AS NAME", from.at.first)
	}
	base, _ := unquoted(expanded(w[0], global), from.escape)
	s := stage{parent: -1, from: from.at.first, scratch: base == "scratch"}
	if i, ok := byName[strings.ToLower(base)]; ok {
		s.parent = i
	}
	if len(w) == 3 {
		s.name = strings.ToLower(w[2])
	}
	return s, nil
}

// otherParents are stages that a FROM with a variable may mean: build arguments
// and the platform choose one. Few of the last are looked at, so that a hostile
// Dockerfile takes no time.
func otherParents(stages []stage, parent int, from instruction) (others []int) {
	base, _ := word(withoutFlags(from.arguments, from.escape), from.escape)
	p := newPattern(strings.ToLower(gapped(base, from.escape)))
	if len(p) == 1 {
		return nil
	}
	for i := max(0, len(stages)-100); i < len(stages); i++ {
		if i != parent && stages[i].name != "" && p.fits(stages[i].name) {
			others = append(others, i)
		}
	}
	return others
}

// expanded puts the defaults of the global arguments into the name of a base:
// $A, ${A}, ${A:-x}, ${A:+x}.
func expanded(text string, global map[string]string) string {
	return replaced(text, '\\', func(s string) string {
		s = strings.TrimSuffix(strings.TrimPrefix(s[1:], "{"), "}")
		name, fallback, _ := strings.Cut(s, ":")
		switch value := global[name]; {
		case strings.HasPrefix(fallback, "-") && value == "", strings.HasPrefix(fallback, "+") && value != "":
			return fallback[1:]
		case strings.HasPrefix(fallback, "+"):
			return ""
		default:
			return value
		}
	})
}

// row is what made one image, in order: the instructions of its stage, and
// those of the stages that it goes on from before them.
type row struct {
	steps []step
	from  int // the line of the first FROM
	bare  bool
}

// rows are the rows that can have made the image of a stage: the one of the
// Dockerfile's defaults first, then those in which one stage has another parent.
func rows(stages []stage, last int) iter.Seq[row] {
	return func(yield func(row) bool) {
		defaults := chain(stages, last, -1, -1)
		if !yield(rowOf(stages, defaults)) {
			return
		}
		for _, i := range defaults {
			for _, other := range stages[i].others {
				if !yield(rowOf(stages, chain(stages, last, i, other))) {
					return
				}
			}
		}
	}
}

// chain lists a stage and those that it goes on from, as far as maxRow
// instructions need them. Stage from goes on from stage other.
func chain(stages []stage, last, from, other int) (chain []int) {
	count := 0
	for i := last; i >= 0 && count < maxRow; {
		chain = append(chain, i)
		count += 1 + len(stages[i].instructions)
		if i == from {
			i = other
		} else {
			i = stages[i].parent
		}
	}
	return chain
}

// rowOf puts the last maxRow instructions of a chain in a row. What ONBUILD
// says in one stage happens at the beginning of the next.
func rowOf(stages []stage, chain []int) row {
	root := stages[chain[len(chain)-1]]
	r := row{from: root.from, bare: root.scratch}
	shell := ""
	var triggers []instruction
	for k := len(chain) - 1; k >= 0; k-- {
		all := append(triggers, stages[chain[k]].instructions...)
		triggers = nil
		for _, in := range all {
			if in.keyword == "ONBUILD" {
				triggers = append(triggers, triggered(in))
			}
			if words, ok := list(in.arguments); ok && in.keyword == "SHELL" {
				shell = oneLine(strings.Join(words, " "))
			}
			r.steps = append(r.steps, newStep(in, shell))
		}
	}
	r.steps = r.steps[max(0, len(r.steps)-maxRow):]
	return r
}

// triggered is the instruction in an ONBUILD.
func triggered(in instruction) instruction {
	in.keyword, in.arguments = word(in.arguments, in.escape)
	in.keyword, in.arguments = strings.ToUpper(in.keyword), strings.TrimLeft(in.arguments, space)
	return in
}
