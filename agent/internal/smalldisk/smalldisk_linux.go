// Package smalldisk gives tests a disk that can be filled.
package smalldisk

import (
	"os"
	"syscall"
	"testing"
)

// Mount gives the folder of an empty file system of so many bytes ("64k",
// "1m"), which is gone when the test is over. Mounting takes root: without, it
// skips the test, in CI it fails.
func Mount(t testing.TB, size string) string {
	t.Helper()
	folder := t.TempDir()
	err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size="+size)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("mounting a tmpfs: %v", err)
	}
	if err != nil {
		t.Skipf("mounting a tmpfs, which takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(folder, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return folder
}
