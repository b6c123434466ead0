package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// gitlabFinding is one entry to be: all findings that GitLab would take for one.
type gitlabFinding struct {
	primary gitlabIdentifier
	name    string         // the package or the file
	places  []int          // indexes into the result's findings
	worst   int            // the one of places that stands for all
	others  map[string]int // ids that entries of the same name have, and how many
}

// mergeFindings puts findings together by identifier and name, in the order of
// the result. elsewhere is how many are of kinds that the report does not have.
func mergeFindings(r *result.Result, has func(finding.Kind) bool) (merged []gitlabFinding, elsewhere int) {
	at := make(map[string]int)
	ids := make(map[string]map[string]int)
	for i := range r.Findings {
		f := &r.Findings[i]
		if !has(f.Kind) {
			elsewhere++
			continue
		}
		g := gitlabFinding{primary: identifier(f.Kind, f.ID), name: locationName(f), worst: i}
		name := clipName(g.name, maxPackage) // as GitLab sees it
		key := g.primary.Type + "\x00" + g.primary.Value + "\x00" + name
		j, ok := at[key]
		if !ok {
			j = len(merged)
			at[key] = j
			if ids[name] == nil {
				ids[name] = make(map[string]int)
			}
			g.others = ids[name]
			merged = append(merged, g)
		}
		merged[j].add(r, i)
	}
	for i := range merged {
		for id := range merged[i].ids(r) {
			merged[i].others[id]++
		}
	}
	return merged, elsewhere
}

// add takes one more finding; the worst, the first of equals, stands for all.
func (g *gitlabFinding) add(r *result.Result, i int) {
	g.places = append(g.places, i)
	f, worst := &r.Findings[i], &r.Findings[g.worst]
	if cmp.Or(cmp.Compare(weight(f.Verdict.Action), weight(worst.Verdict.Action)), cmp.Compare(f.Severity, worst.Severity)) > 0 {
		g.worst = i
	}
}

// ids is every id of the findings, aliases included.
func (g *gitlabFinding) ids(r *result.Result) map[string]bool {
	ids := make(map[string]bool)
	for _, i := range g.places {
		ids[r.Findings[i].ID] = true
		for _, id := range r.Findings[i].Aliases {
			ids[id] = true
		}
	}
	return ids
}

// locationName is what GitLab shows as the package.
func locationName(f *finding.Finding) string {
	if f.Package != nil {
		return cmp.Or(f.Package.Name, "unknown")
	}
	return subject(f)
}

// entryID is an id that looks like a UUID, as GitLab recommends, and is the
// same in every scan: UUID version 8 (RFC 9562) of a hash.
func entryID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
