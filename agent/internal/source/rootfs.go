package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/layergate/layergate/agent/internal/image"
)

// rootMarks are what a root file system has, and a project's folder has not.
var rootMarks = []string{"etc/os-release", "usr/lib/os-release", "etc/passwd", "lib/apk/db", "var/lib/dpkg", "usr/bin"}

// isRootFS guesses from a folder's contents. Links count without being
// followed: an absolute one leads out of the folder.
func isRootFS(root *os.Root) bool {
	for _, name := range rootMarks {
		if _, err := root.Lstat(name); err == nil {
			return true
		}
	}
	return false
}

// openRootFS makes one layer of a folder, which does not say its platform.
func openRootFS(root *os.Root, want platform) (*image.Image, error) {
	dir, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("reading the folder: %w", withoutPath(err))
	}
	if len(dir) == 0 {
		return nil, errors.New("the folder is empty")
	}
	return &image.Image{
		Platform: want.Platform,
		Layers:   []image.Layer{{Size: -1, FS: root.FS()}},
	}, nil
}
