//go:build !unix

package fetch

import "os"

// tryLock locks nothing where there is no flock: files are still replaced
// whole, so that two updates at once cost time and bytes, not data.
func tryLock(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
}
