package dockerfile

// What an alignment loses. An entry of the history that is in no Dockerfile
// costs more than one match is worth: below it, only two matches speak for
// themselves.
const (
	changed = 1 // a step and an entry of the same keyword that do not match
	missing = 2 // a step that makes files and has no entry
	foreign = 5 // an entry that has no step
	added   = 1 // such a LABEL: builders add one for --label
)

// alignment says which step made which entry.
type alignment struct {
	score int
	steps []int // by entry: the index of the step, -1 for none
}

// table is the alignment of every beginning, or end, of the steps with every
// beginning, or end, of the entries.
type table struct {
	width  int
	scores []int32
}

func newTable(steps, entries int) table {
	return table{entries + 1, make([]int32, (steps+1)*(entries+1))}
}

func (t table) at(step, entry int) *int32 { return &t.scores[step*t.width+entry] }

// aligner aligns steps with the end of entries: Needleman and Wunsch's
// algorithm, in which entries before the first step cost nothing, since they
// are the base image's.
type aligner struct {
	steps   []step
	entries []entry
	matches []int8
}

// align finds the best alignment. Where several are as good, an entry has a
// step only if it is the same in all.
func align(steps []step, entries []entry) alignment {
	a := aligner{steps, entries, make([]int8, len(steps)*len(entries))}
	for i, s := range steps {
		for j, e := range entries {
			a.matches[i*len(entries)+j] = int8(s.match(e))
		}
	}
	before, after := a.before(), a.after()
	best := alignment{score: int(*after.at(0, 0)), steps: make([]int, len(entries))}
	for j := range entries {
		best.steps[j] = a.only(j, before, after)
	}
	return best
}

// pair is what it is worth that a step made an entry; no reports that it cannot
// have.
func (a aligner) pair(i, j int) (worth int32, ok bool) {
	if m := a.matches[i*len(a.entries)+j]; m > none {
		return int32(m), true
	}
	return -changed, a.steps[i].keyword == a.entries[j].keyword
}

// without is the cost of a step that has no entry. What makes no files is in no
// history of kaniko's, and ONBUILD in none of BuildKit's.
func (a aligner) without(i int) int32 {
	if keywords[a.steps[i].keyword] {
		return missing
	}
	return 0
}

// alien is the cost of an entry that has no step, when i steps are before it.
func (a aligner) alien(i, j int) int32 {
	switch e := a.entries[j]; {
	case i == 0, e.blank():
		return 0
	case e.keyword == "LABEL":
		return added
	}
	return foreign
}

// before aligns the first i steps with the first j entries, for all i and j.
func (a aligner) before() table {
	t := newTable(len(a.steps), len(a.entries))
	for i := 1; i <= len(a.steps); i++ { // with no step before them, entries are the base image's
		for j := range len(a.entries) + 1 {
			best := *t.at(i-1, j) - a.without(i-1)
			if j > 0 {
				best = max(best, *t.at(i, j-1)-a.alien(i, j-1))
				if worth, ok := a.pair(i-1, j-1); ok {
					best = max(best, *t.at(i-1, j-1)+worth)
				}
			}
			*t.at(i, j) = best
		}
	}
	return t
}

// after aligns the steps from i with the entries from j, for all i and j.
func (a aligner) after() table {
	n, m := len(a.steps), len(a.entries)
	t := newTable(n, m)
	for i := n; i >= 0; i-- {
		for j := m; j >= 0; j-- {
			if i == n && j == m {
				continue
			}
			best := int32(-1 << 30)
			if i < n {
				best = *t.at(i+1, j) - a.without(i)
			}
			if j < m {
				best = max(best, *t.at(i, j+1)-a.alien(i, j))
			}
			if i < n && j < m {
				if worth, ok := a.pair(i, j); ok {
					best = max(best, *t.at(i+1, j+1)+worth)
				}
			}
			*t.at(i, j) = best
		}
	}
	return t
}

// only is the step that made entry j in every best alignment, -1 if there is
// none.
func (a aligner) only(j int, before, after table) int {
	best, found := *after.at(0, 0), -1
	for i := range len(a.steps) + 1 {
		if *before.at(i, j)-a.alien(i, j)+*after.at(i, j+1) == best {
			return -1
		}
		if i == len(a.steps) {
			break
		}
		if worth, ok := a.pair(i, j); ok && *before.at(i, j)+worth+*after.at(i+1, j+1) == best {
			if worth < 0 || found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// convincing says whether the steps are the image's at all: most of those that
// make files must have an entry; if there are none, most of all.
func (a alignment) convincing(steps []step) bool {
	var made, found, matched int
	for _, s := range steps {
		if keywords[s.keyword] {
			made++
		}
	}
	for _, i := range a.steps {
		if i >= 0 {
			matched++
			if keywords[steps[i].keyword] {
				found++
			}
		}
	}
	if made == 0 {
		return 2*matched > len(steps)
	}
	return 2*found > made
}
