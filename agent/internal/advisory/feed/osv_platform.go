package feed

import (
	"encoding/json"
	"slices"
)

// elsewhere says that a package is affected on other operating systems only,
// and not on Linux, which images are of: Go names systems for each of a
// module's packages (https://go.dev/doc/security/vuln/database#schema), RustSec
// for the crate (its README, "affected.os").
func (a *osvAffected) elsewhere() bool {
	var imports []struct {
		Systems []string `json:"goos"`
	}
	var affects struct {
		Systems []string `json:"os"`
	}
	if json.Unmarshal(a.Ecosystem.Imports, &imports) == nil && len(imports) > 0 {
		for _, i := range imports {
			if len(i.Systems) == 0 || slices.Contains(i.Systems, "linux") {
				return false
			}
		}
		return true
	}
	if json.Unmarshal(a.Ecosystem.Affects, &affects) != nil {
		return false
	}
	return len(affects.Systems) > 0 && !slices.Contains(affects.Systems, "linux")
}
