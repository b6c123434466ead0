package source

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/image"
)

// layout writes an OCI layout folder.
func layout(t *testing.T, index string, blobs ...string) string {
	t.Helper()
	dir := t.TempDir()
	files := []entry{{name: "oci-layout", body: `{"imageLayoutVersion":"1.0.0"}`}, {name: "index.json", body: index}}
	for _, b := range blobs {
		files = append(files, blobFile(b))
	}
	for _, f := range files {
		p := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(f.body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// platformed is an image for a platform, as "linux/arm/v7": its blobs, the
// manifest first, and its descriptor in an index.
func platformed(t *testing.T, platform string) (blobs []string, desc string) {
	t.Helper()
	p := strings.Split(platform+"/", "/")
	layer := layerTar(t, platform)
	config := configJSON(p[1], layer)
	m := manifestJSON(config, layer)
	pj, err := json.Marshal(image.Platform{OS: p[0], Architecture: p[1], Variant: p[2]})
	if err != nil {
		t.Fatal(err)
	}
	return []string{m, config, layer}, with(descriptor(mtManifest, m), `"platform":`+string(pj))
}

// multiPlatform is a layout as buildx writes it: an index in index.json, with
// an attestation beside every image.
func multiPlatform(t *testing.T, platforms ...string) (dir string, digests map[string]string) {
	t.Helper()
	var descs, blobs []string
	digests = map[string]string{}
	for _, p := range platforms {
		bs, d := platformed(t, p)
		attestation := with(descriptor(mtManifest, "attestation of "+p),
			`"platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest"}`)
		descs = append(descs, attestation, d)
		blobs = append(blobs, bs...)
		digests[p] = digestOf(bs[0])
	}
	index := indexJSON(descs...)
	top := with(descriptor(mtIndex, index),
		`"annotations":{"io.containerd.image.name":"docker.io/library/shop:1.0","org.opencontainers.image.ref.name":"1.0"}`)
	return layout(t, indexJSON(top), append(blobs, index)...), digests
}

func TestChoosePlatform(t *testing.T) {
	dir, digests := multiPlatform(t, "linux/amd64", "linux/arm64/v8", "linux/arm/v6", "linux/arm/v7")
	for asked, want := range map[string]string{
		"linux/amd64":    "linux/amd64",
		"linux/arm64":    "linux/arm64/v8",
		"linux/arm64/v8": "linux/arm64/v8",
		"linux/arm":      "linux/arm/v7",
		"linux/arm/v6":   "linux/arm/v6",
		"linux/s390x":    "",
	} {
		img, err := Open(context.Background(), "oci:"+dir, Options{Platform: asked})
		if want == "" {
			if err == nil || !strings.Contains(err.Error(), "choose --platform from linux/amd64, linux/arm64/v8, linux/arm/v6, linux/arm/v7") {
				t.Errorf("%s gave %v", asked, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", asked, err)
			continue
		}
		if img.Digest != digests[want] {
			t.Errorf("%s chose %s", asked, img.Platform)
		}
		if diff := cmp.Diff([]string{"docker.io/library/shop:1.0", "1.0"}, img.Tags); diff != "" {
			t.Error(diff)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyPlatform(t *testing.T) {
	other := "s390x"
	if runtime.GOARCH == other {
		other = "amd64"
	}
	dir, _ := multiPlatform(t, "linux/"+other)
	img, err := Open(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	if img.Platform.Architecture != other || !strings.Contains(strings.Join(img.Notes, ";"), "linux/"+other+" only") {
		t.Errorf("platform %s, notes %q", img.Platform, img.Notes)
	}
}

// An image that was not chosen from an index is checked all the same.
func TestPlatformMismatch(t *testing.T) {
	bs, d := platformed(t, "linux/arm64")
	dir := layout(t, indexJSON(strings.Replace(d, `,"platform":{"os":"linux","architecture":"arm64"}`, "", 1)), bs...)
	_, err := Open(context.Background(), dir, Options{Platform: "linux/amd64"})
	if err == nil || !strings.Contains(err.Error(), "the image is for linux/arm64 and linux/amd64 was asked for") {
		t.Errorf("got %v", err)
	}
	if _, err := Open(context.Background(), dir, Options{Platform: "arm64"}); err == nil || !strings.Contains(err.Error(), "os/arch") {
		t.Errorf("got %v", err)
	}
}

func TestChooseByName(t *testing.T) {
	a, da := platformed(t, "linux/"+runtime.GOARCH)
	b, db := platformed(t, "linux/"+runtime.GOARCH+"/v9")
	strip := func(d, name string) string {
		d, _, _ = strings.Cut(d, `,"platform"`)
		return with(d+"}", `"annotations":{"org.opencontainers.image.ref.name":"`+name+`"}`)
	}
	dir := layout(t, indexJSON(strip(da, "shop:1.0"), strip(da, "shop:latest"), strip(db, "docker.io/library/shop:2.0")), append(a, b...)...)
	for ref, want := range map[string]string{
		"shop:1.0":                         digestOf(a[0]),
		"shop":                             digestOf(a[0]),
		"shop:2.0":                         digestOf(b[0]),
		digestOf(b[0]):                     digestOf(b[0]),
		"index.docker.io/library/shop:1.0": digestOf(a[0]),
	} {
		img, err := Open(context.Background(), "oci:"+dir+":"+ref, Options{})
		if err != nil {
			t.Errorf("%s: %v", ref, err)
			continue
		}
		if img.Digest != want {
			t.Errorf("%s chose %s", ref, img.Tags)
		}
		if err := img.Close(); err != nil {
			t.Error(err)
		}
	}
	for ref, want := range map[string]string{"": "several images", ":shop:3.0": "no image shop:3.0; it holds shop:1.0, shop:latest, docker.io/library/shop:2.0"} {
		if _, err := Open(context.Background(), "oci:"+dir+ref, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q gave %v", ref, err)
		}
	}
}
