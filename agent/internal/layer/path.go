package layer

import (
	"path"
	"strings"
)

// clean makes an archive's name a path relative to the root. ".." cannot
// climb out of the root, as in a container runtime that unpacks the layer.
// The root itself is "".
func clean(name string) string {
	name = strings.TrimPrefix(name, "./")
	name = strings.TrimSuffix(name, "/")
	if isClean(name) {
		return name
	}
	return path.Clean("/" + name)[1:]
}

// isClean spares the usual name an allocation.
func isClean(name string) bool {
	if name == "" || name[0] == '/' {
		return name == ""
	}
	for start := 0; start <= len(name); {
		end := strings.IndexByte(name[start:], '/')
		if end < 0 {
			end = len(name) - start
		}
		switch name[start : start+end] {
		case "", ".", "..":
			return false
		}
		start += end + 1
	}
	return true
}

// The marks of the OCI image specification's layers
// (https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts).
const (
	whiteoutPrefix = ".wh."
	opaqueMark     = ".wh..wh..opq"
	aufsPrefix     = ".wh..wh." // other names with it are aufs' own books
)

// whiteout splits a whiteout's path into what it hides. ok is false for an
// ordinary path; a path that hides nothing (aufs' books) is ok and neither.
func whiteout(p string) (hidden string, opaque, ok bool) {
	dir, base := path.Split(p)
	switch {
	case !strings.HasPrefix(base, whiteoutPrefix):
		return "", false, false
	case base == opaqueMark:
		return strings.TrimSuffix(dir, "/"), true, true
	case strings.HasPrefix(base, aufsPrefix), base == whiteoutPrefix:
		return "", false, true
	}
	return dir + base[len(whiteoutPrefix):], false, true
}
