package feed

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/layergate/layergate/agent/internal/advisory"
)

// build is an rpm that an erratum came with: of its package, all older ones
// are affected.
type build struct {
	ecosystem, module, name string
	version                 string // that fixes it: [epoch:]version-release
	since                   string // the oldest version that is meant; "" for every one
}

// affectedBy makes one Affected of each different build. A name may have several
// versions, one for each architecture. An Affected does not say which it is
// for, so that a package counts as affected until it has the latest of them:
// rather a finding too many for one architecture than a miss on another.
func affectedBy(builds []build, issued time.Time) []advisory.Affected {
	slices.SortFunc(builds, func(a, b build) int {
		return cmp.Or(
			strings.Compare(a.ecosystem, b.ecosystem), strings.Compare(a.name, b.name),
			strings.Compare(a.module, b.module), strings.Compare(a.version, b.version), strings.Compare(a.since, b.since),
		)
	})
	builds = slices.Compact(builds)
	list := make([]advisory.Affected, 0, len(builds))
	for _, b := range builds {
		a := advisory.Affected{Ecosystem: b.ecosystem, Package: b.name, Module: b.module,
			Ranges: []advisory.Range{fixedAt(b.version)}}
		if b.since != "" {
			a.Ranges[0].Events[0].Version = b.since
		}
		if !issued.IsZero() {
			a.FixDates = []advisory.FixDate{{Version: b.version, Day: issued.Truncate(24 * time.Hour)}}
		}
		list = append(list, a)
	}
	return list
}

// nameCVEs gives an erratum the vulnerabilities that it fixes: one is another
// name of it, several each have a finding of their own.
func nameCVEs(r *advisory.Record, cves []string) {
	ids := appendNew(nil, r.ID, cves)
	slices.Sort(ids)
	if len(ids) == 1 {
		r.Aliases = ids
	} else {
		r.Upstream = ids
	}
}

// withoutNoEpoch takes the epoch 0 off an rpm's version, since inventories
// write it so: rpm does not tell an epoch of 0 from none.
func withoutNoEpoch(version string) string { return strings.TrimPrefix(version, "0:") }

// sinceStream is the oldest version of a stream, "5.10" for 5.10.35-31.amzn2,
// in the epoch of version. The release makes it come before all that begin
// with the stream's name, and comparable with a version of just that name.
func sinceStream(version, stream string) string {
	epoch, _, ok := strings.Cut(version, ":")
	if !ok {
		return stream + "-0"
	}
	return epoch + ":" + stream + "-0"
}
