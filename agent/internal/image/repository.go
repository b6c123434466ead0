package image

import "strings"

// Repository is an image's name without its tag and digest, which are others
// in every build. The colon of a registry's port stays.
func Repository(name string) string {
	name, _, _ = strings.Cut(name, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	return name
}
