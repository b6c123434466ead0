// Package policies holds the policies that are shipped, as people read them.
package policies

import _ "embed"

// Default is the policy that decides where the user gives none.
//
//go:embed default.yaml
var Default []byte

// Strict is for images that face the internet.
//
//go:embed strict.yaml
var Strict []byte
