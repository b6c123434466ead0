package scan

import (
	"encoding/json"
	"testing"
	"time"
)

// A history may say a time that JSON cannot have: 9999-12-31 west of Greenwich
// is the year 10000 in UTC.
func TestRecordable(t *testing.T) {
	late := time.Date(9999, 12, 31, 23, 59, 59, 0, time.FixedZone("", -14*3600))
	early := time.Date(0, 1, 1, 0, 0, 0, 0, time.FixedZone("", 14*3600))
	now := time.Date(2026, 11, 23, 1, 0, 0, 0, time.FixedZone("", 3600))
	for _, c := range []struct{ in, want time.Time }{{late, time.Time{}}, {early, time.Time{}}, {now, now.UTC()}, {time.Time{}, time.Time{}}} {
		got := recordable(c.in)
		if !got.Equal(c.want) {
			t.Errorf("%v gives %v", c.in, got)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Error(err)
		}
	}
}
