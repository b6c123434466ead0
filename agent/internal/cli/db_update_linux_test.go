package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/layergate/layergate/agent/internal/smalldisk"
)

// TestUpdateOnAFullDisk: the old index stays, whole.
func TestUpdateOnAFullDisk(t *testing.T) {
	folder, disk := t.TempDir(), smalldisk.Mount(t, "1m")
	put(t, filepath.Join(folder, "alpine-secdb/v3.20/main.json"), secdbMain)
	index := filepath.Join(disk, "index.db")
	update := func() (ExitCode, string) {
		code, _, stderr := run(t, t.Context(), nil, nil, "db", "update", "--from", folder, "--db", index)
		return code, stderr
	}
	if code, stderr := update(); code != 0 {
		t.Fatal(stderr)
	}
	before, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	err = os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 2<<20), 0o644)
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("filling the disk: %v", err)
	}
	put(t, filepath.Join(folder, "kev.json"), kevOne)
	code, stderr := update()
	if code != ExitIncomplete || !strings.Contains(stderr, "no space left on device") || !strings.Contains(stderr, "stays in use ("+index+")") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if after, err := os.ReadFile(index); err != nil || string(after) != string(before) {
		t.Errorf("the index changed (%v)", err)
	}
	left, err := fs.Glob(os.DirFS(disk), ".*")
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
