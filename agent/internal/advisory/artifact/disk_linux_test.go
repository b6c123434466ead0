package artifact

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/smalldisk"
)

// TestFullDisk: the file that was there stays, and what has been written goes.
func TestFullDisk(t *testing.T) {
	folder := smalldisk.Mount(t, "64k")
	big, err := store.Open("../store/default.idx")
	if err != nil {
		t.Fatal(err)
	}
	if size := big.Info().Size; size < 1<<17 {
		t.Fatalf("the embedded index has %d bytes, too few to fill a disk", size)
	}
	if err := big.Close(); err != nil {
		t.Fatal(err)
	}
	s := newServer(t)
	s.push(t, "a/index:1", "../store/default.idx", nil)
	path := filepath.Join(folder, "index.db")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Pull(context.Background(), s.ref("a/index:1"), path, PullOptions{Options: options()})
	if err == nil || !strings.HasSuffix(err.Error(), "writing "+path+": no space left on device") {
		t.Errorf("got %v", err)
	}
	if read(t, path) != "old" {
		t.Error("the old file is gone")
	}
	only(t, folder, "index.db")
}
