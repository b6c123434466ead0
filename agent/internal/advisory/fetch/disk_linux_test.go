package fetch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/smalldisk"
)

func TestFullDisk(t *testing.T) {
	folder := smalldisk.Mount(t, "1m")
	in := newInternet(t)
	in.set(kevAt, published(oldKEV, published1))
	f := open(t, folder)
	o := in.options(nil).only("kev")
	update(t, f, o)
	in.set(kevAt, published(`{"count": 1, "x": "`+strings.Repeat("x", 2<<20)+`"}`, published2))
	outcomes, err := f.Update(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := outcomes[0].Err; err == nil || !strings.Contains(err.Error(), "no space left on device: free some space") {
		t.Errorf("error: %v", err)
	}
	if got := tree(t, folder)["kev.json"]; got != oldKEV {
		t.Errorf("the file is %q", got)
	}
	left, err := os.ReadDir(filepath.Join(folder, partialFolder))
	if err != nil || len(left) != 0 {
		t.Errorf("the disk is kept full by %v, %v", left, err)
	}
}
