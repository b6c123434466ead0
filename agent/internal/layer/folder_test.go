package layer_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/layer"
)

func TestWalkFolder(t *testing.T) {
	dir := t.TempDir()
	for name, body := range map[string]string{"a.want": "A", "sub/b.peek": "yes B", "sub/c.peek": "no", "proc/1.want": "no"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/outside/etc", filepath.Join(dir, "link.want")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "a.want"), filepath.Join(dir, "sub/again.want")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	got, d, err := walk(t, image.Layer{FS: root.FS()}, layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"a.want": "A", "sub/again.want": "alias of a.want", "sub/b.peek": "yes B"}, got); diff != "" {
		t.Errorf("taken (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"link.want": "/outside/etc"}, d.Symlinks); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}
