package image_test

import (
	"testing"

	"github.com/layergate/layergate/agent/internal/image"
)

func TestRepository(t *testing.T) {
	for name, want := range map[string]string{
		"registry:5000/shop/web:1.2": "registry:5000/shop/web", "registry:5000/shop/web": "registry:5000/shop/web",
		"shop:1@sha256:00": "shop", "shop@sha256:00": "shop", "shop.tar": "shop.tar", "": "",
	} {
		if got := image.Repository(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
