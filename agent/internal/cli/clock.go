package cli

import (
	"fmt"
	"strconv"
	"time"
)

// created is the time that goes into what is written: now, to the second, or
// SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/),
// which makes the same input give the same bytes. It decides nothing: whether
// an exception has expired goes by the clock.
func (a *app) created() (time.Time, error) {
	epoch := a.env("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return a.now().UTC().Truncate(time.Second), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || seconds < 0 || seconds > maxEpoch {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, want seconds since 1970", epoch)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// maxEpoch is the end of the year 9999, the last that JSON's times have.
const maxEpoch = 253402300799
