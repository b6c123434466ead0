package source

import (
	"runtime"
	"testing"
)

// Docker before 25 wrote a layer that came twice as a symbolic link.
func TestLinkedLayer(t *testing.T) {
	layer := layerTar(t, "a")
	img, err := openBytes(t, writeTar(t,
		entry{name: "1/layer.tar", body: layer}, entry{name: "2/layer.tar", link: "../1/layer.tar"},
		entry{name: "c.json", body: configJSON("amd64", layer, layer)},
		entry{name: "manifest.json", body: `[{"Config":"c.json","Layers":["1/layer.tar","2/layer.tar"]}]`}), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	for _, l := range img.Layers {
		if got := diffID(t, l.Blob); got != digestOf(layer) || l.DiffID != got || l.Size != int64(len(layer)) {
			t.Errorf("layer %d has diff ID %s and size %d, its bytes have %s", l.Index, l.DiffID, l.Size, got)
		}
	}
}

// An archive may hold one image for several platforms.
func TestDockerArchivePlatforms(t *testing.T) {
	other := "s390x"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	layer := layerTar(t, "a")
	archive := writeTar(t, entry{name: "l.tar", body: layer},
		entry{name: "1.json", body: configJSON(other, layer)}, entry{name: "2.json", body: configJSON(runtime.GOARCH, layer)},
		entry{name: "manifest.json", body: `[{"Config":"1.json","RepoTags":["shop:1.0"],"Layers":["l.tar"]},{"Config":"2.json","RepoTags":["shop:1.0"],"Layers":["l.tar"]}]`})
	for asked, want := range map[string]string{"": runtime.GOARCH, "linux/" + other: other} {
		img, err := openBytes(t, archive, "shop:1.0", Options{Platform: asked})
		if err != nil {
			t.Errorf("%q: %v", asked, err)
			continue
		}
		if img.Platform.Architecture != want {
			t.Errorf("%q chose %s", asked, img.Platform)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}
