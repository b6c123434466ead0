//go:build unix

package layer

import (
	"io/fs"
	"syscall"
)

// inode tells files of a running system apart.
type inode struct{ device, number uint64 }

// linkedFile is a file's inode, if it has more than one name.
func linkedFile(info fs.FileInfo) (inode, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || s.Nlink < 2 {
		return inode{}, false
	}
	return inode{uint64(s.Dev), uint64(s.Ino)}, true
}
