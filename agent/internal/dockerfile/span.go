package dockerfile

// places says where each entry stands: at the lines of its step, and where a
// layer holds the files of more steps, from the first of them to the last.
func (a alignment) places(r row, entries []entry) []lines {
	all := make([]lines, len(entries))
	merged := !a.layered(entries)
	last := lines{}
	for j, i := range a.steps {
		e := entries[j]
		switch {
		case i < 0 && e.blank() && !e.empty && last != (lines{}):
			// docker build --squash adds an entry without words for all files.
			if at, more := a.merge(r, entries, j, last); more {
				all[j] = at
			}
		case i < 0:
		case e.empty || !merged:
			last, all[j] = r.steps[i].at, r.steps[i].at
		default:
			last = r.steps[i].at
			all[j], _ = a.merge(r, entries, j, last)
		}
	}
	return all
}

// layered says whether a builder wrote the entries that makes a layer of each
// instruction; it marks an entry as empty only if no file was changed.
func (a alignment) layered(entries []entry) bool {
	for j, i := range a.steps {
		if i >= 0 && entries[j].layered {
			return true
		}
	}
	return false
}

// merge widens the lines of entry j to the empty entries below it that made
// files, which can only be in its layer, and says whether there are any. There
// are no lines if one of those has none. Where the history begins with them,
// the base image is in the layer as well.
func (a alignment) merge(r row, entries []entry, j int, at lines) (merged lines, more bool) {
	k := j - 1
	for ; k >= 0 && entries[k].empty; k-- {
		if !keywords[entries[k].keyword] {
			continue
		}
		if a.steps[k] < 0 {
			return lines{}, true
		}
		more = true
		at.first = min(at.first, r.steps[a.steps[k]].at.first)
	}
	if more && k < 0 && !r.bare {
		at.first = r.from
	}
	return at, more
}
