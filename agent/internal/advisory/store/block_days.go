package store

import "slices"

// fixDay is the day on which a version came out, in day numbers.
type fixDay struct {
	day       int64 // 0: unknown
	firstSeen bool
}

// days writes a day for each version: 0 where it is unknown, else, plus one,
// twice the distance from the day before with the last bit for firstSeen.
func (e *encoder) days(versions []string, days map[string]fixDay) {
	known := slices.ContainsFunc(versions, func(v string) bool { return days[v].day > 0 })
	if !known {
		e.int(0)
		return
	}
	e.int(1)
	last := int64(0)
	for _, v := range versions {
		f := days[v]
		if f.day == 0 {
			e.int(0)
			continue
		}
		distance := zigzag(f.day - last)
		last = f.day
		if f.firstSeen {
			e.uint(distance<<1 + 2)
		} else {
			e.uint(distance<<1 + 1)
		}
	}
}

// days reads the days of so many versions.
func (d *decoder) days(versions int) []fixDay {
	if d.below(2) == 0 {
		return nil
	}
	list := make([]fixDay, versions)
	last := int64(0)
	for i := range list {
		if v := d.uint(); v > 0 {
			last += unzigzag((v - 1) >> 1)
			list[i] = fixDay{last, (v-1)&1 == 1}
		}
	}
	return list
}

func zigzag(v int64) uint64   { return uint64(v<<1) ^ uint64(v>>63) }
func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
