package source

import (
	"bytes"
	"context"
	"io"
	"runtime"
	"testing"

	"github.com/layergate/layergate/agent/internal/image"
)

// checkImage holds for whatever could be opened: a walk can rely on it.
func checkImage(t *testing.T, img *image.Image) {
	t.Helper()
	for i, l := range img.Layers {
		if l.Index != i || l.Empty != (l.Blob == nil) || l.Empty != (l.DiffID == "") {
			t.Errorf("layer %d: %+v", i, l)
		}
		if l.Blob == nil {
			continue
		}
		rc, err := l.Blob.Open(context.Background())
		if err != nil {
			continue
		}
		_, err = io.Copy(io.Discard, io.LimitReader(rc, 1<<20))
		_ = err // a digest may well be wrong
		_ = rc.Close()
	}
}

func FuzzTarIndex(f *testing.F) {
	layer := layerTar(f, "a")
	config := configJSON(runtime.GOARCH, layer)
	m := manifestJSON(config, layer)
	f.Add(writeTar(f, entry{name: "manifest.json", body: `[{"Config":"c","Layers":["l","m"]}]`}, entry{name: "c", body: configJSON("", layer, layer)},
		entry{name: "l", body: layer}, entry{name: "m", link: "./x/../l"}))
	f.Add(writeTar(f, entry{name: "index.json", body: indexJSON(descriptor(mtManifest, m))}, blobFile(m), blobFile(config), blobFile(layer)))
	f.Add(writeTar(f, entry{name: "a", link: "a"}, entry{name: "b", size: 1 << 62}))
	f.Fuzz(func(t *testing.T, b []byte) {
		img, err := openTar(context.Background(), bytes.NewReader(b), int64(len(b)), "", "", platform{})
		if err == nil {
			checkImage(t, img)
		}
		index, err := indexTar(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		for name := range index.entries {
			r, _, err := index.open(name)
			if err != nil {
				continue
			}
			if n, err := io.Copy(io.Discard, r); n != r.Size() || err != nil {
				t.Errorf("%q has %d bytes and gives %d, %v", name, r.Size(), n, err)
			}
		}
	})
}

func FuzzDockerManifest(f *testing.F) {
	layer := layerTar(f, "a")
	f.Add([]byte(`[{"Config":"c.json","RepoTags":["shop:1.0"],"Layers":["l.tar"]}]`), []byte(configJSON("amd64", layer)), "shop")
	f.Add([]byte(`[{"Config":"c.json","Layers":null},{"Config":"c.json"}]`), []byte(`{"history":[{"empty_layer":true}]}`), "")
	f.Fuzz(func(t *testing.T, manifest, config []byte, ref string) {
		b := writeTar(t, entry{name: "manifest.json", body: string(manifest)}, entry{name: "c.json", body: string(config)}, entry{name: "l.tar", body: layer})
		index, err := indexTar(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if img, err := openDockerArchive(index, ref, platform{}); err == nil {
			checkImage(t, img)
		}
	})
}

func FuzzOCIIndex(f *testing.F) {
	layer := layerTar(f, "a")
	config := configJSON("amd64", layer)
	m := manifestJSON(config, layer)
	bs := []entry{blobFile(layer), blobFile(config)}
	f.Add([]byte(indexJSON(descriptor(mtManifest, m))), []byte(m), "")
	f.Add([]byte(indexJSON(with(descriptor(mtManifest, m), `"platform":{"os":"linux","architecture":"arm64"}`))), []byte(m), digestOf(m))
	f.Add([]byte(indexJSON(descriptor(mtIndex, indexJSON()))), []byte(indexJSON()), "shop:1.0")
	f.Fuzz(func(t *testing.T, top, second []byte, ref string) {
		b := writeTar(t, append(bs, entry{name: "index.json", body: string(top)}, blobFile(string(second)))...)
		index, err := indexTar(context.Background(), bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if img, err := openOCI(context.Background(), index, ref, platform{}); err == nil {
			checkImage(t, img)
		}
	})
}
