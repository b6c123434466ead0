package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/smalldisk"
)

// TestFullDisk fills the disk of the temporary files, and that of the index:
// either time the build says so and the index that was there stays.
func TestFullDisk(t *testing.T) {
	for _, test := range []struct {
		name, indexDisk, tempDisk string
		want                      string
	}{
		{"temporary files", "1m", "8k", "building the advisory index: sorting advisories in a temporary file: write "},
		{"index", "12k", "1m", "writing the advisory index "},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, temp := smalldisk.Mount(t, test.indexDisk), smalldisk.Mount(t, test.tempDisk)
			path := filepath.Join(dir, "db.idx")
			before := bytes.Repeat([]byte("old"), 3000) // of the three pages of the smaller disk
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Build(context.Background(), sources(), path, Options{Time: buildTime, TempDir: temp, memory: 1000})
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || !strings.HasSuffix(err.Error(), "no space left on device") {
				t.Errorf("got %v", err)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the old index did not stay: %v", err)
			}
			for _, dir := range []string{dir, temp} {
				left, err := os.ReadDir(dir)
				if err != nil || len(left) > 1 || len(left) == 1 && left[0].Name() != "db.idx" {
					t.Errorf("left behind: %v %v", left, err)
				}
			}
		})
	}
}
