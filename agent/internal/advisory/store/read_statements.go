package store

import (
	"slices"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// packageTables is what a package's statements point into.
type packageTables struct {
	versions []string
	days     []fixDay // of each version; nil where none is known
	modules  []string
	ratings  []advisory.Severity
}

func (d *decoder) statement(t *packageTables) advisory.Affected {
	var a advisory.Affected
	head := d.uint()
	if n := int(head >> 2 & 7); n < len(fixStates) {
		a.FixState = fixStates[n]
	} else {
		d.fail()
	}
	var kind advisory.RangeType
	if head&headSemVer != 0 {
		kind = advisory.SemVer
	}
	var fixes []int // places of versions
	zero := advisory.Event{Kind: advisory.Introduced, Version: "0"}
	switch head & 3 {
	case shapeFixed:
		v := d.below(len(t.versions))
		if d.err != nil {
			return a
		}
		fixes = []int{v}
		a.Ranges = []advisory.Range{{Type: kind, Events: []advisory.Event{zero, {Kind: advisory.Fixed, Version: t.versions[v]}}}}
	case shapeOpen:
		a.Ranges = []advisory.Range{{Type: kind, Events: []advisory.Event{zero}}}
	case shapeGeneral:
		a.Ranges, fixes = d.ranges(t.versions)
	default:
		d.fail()
	}
	a.FixDates = t.fixDates(fixes)
	if head&headVersions != 0 {
		a.Versions = d.runs(t.versions)
	}
	if head&headSeverities != 0 {
		a.Severities = d.severities(t.ratings)
	}
	if head&headModule != 0 {
		if n := d.below(len(t.modules)); d.err == nil {
			a.Module = t.modules[n]
		}
	}
	return a
}

// fixDates gives what is known of the days of versions, in their order.
func (t *packageTables) fixDates(fixes []int) []advisory.FixDate {
	if t.days == nil {
		return nil
	}
	slices.Sort(fixes)
	var dates []advisory.FixDate
	for _, v := range slices.Compact(fixes) {
		if day := dayTime(t.days[v].day); !day.IsZero() {
			dates = append(dates, advisory.FixDate{Version: t.versions[v], Day: day, FirstSeen: t.days[v].firstSeen})
		}
	}
	return dates
}

// ranges reads a list of ranges, and says which versions are fixes in them.
func (d *decoder) ranges(versions []string) (ranges []advisory.Range, fixes []int) {
	n := d.count(1)
	if n == 0 || !d.spend(uint64(n)) {
		return nil, nil
	}
	ranges = make([]advisory.Range, n)
	for i := range ranges {
		head := d.uint()
		if n := head >> 1; n > uint64(len(d.b)) || !d.spend(n) {
			d.fail()
			return nil, nil
		}
		ranges[i].Type = advisory.RangeType(head & 1)
		ranges[i].Events = make([]advisory.Event, head>>1)
		for j := range ranges[i].Events {
			v := d.below(len(versions) << 2)
			if d.err != nil {
				return nil, nil
			}
			ranges[i].Events[j] = advisory.Event{Kind: advisory.EventKind(v & 3), Version: versions[v>>2]}
			if ranges[i].Events[j].Kind == advisory.Fixed {
				fixes = append(fixes, v>>2)
			}
		}
	}
	return ranges, fixes
}

func (d *decoder) runs(versions []string) []string {
	var list []string
	end := uint64(0)
	for range d.count(2) {
		first := end + d.uint()
		n := d.uint()
		if first > uint64(len(versions)) || n > uint64(len(versions))-first || !d.spend(n) {
			d.fail()
			return nil
		}
		list = append(list, versions[first:first+n]...)
		end = first + n
	}
	return list
}
