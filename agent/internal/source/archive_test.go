package source

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/image"
)

// entry is one entry of a tar that a test writes.
type entry struct {
	name, body string
	link       string // a symbolic link's target
	size       int64  // a size that is a lie, in a header that ends the archive
}

// writeTar writes entries, and their lies.
func writeTar(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.body)), Typeflag: tar.TypeReg}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		}
		if e.size != 0 {
			h.Size = e.size
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if e.size != 0 {
			return append(b.Bytes(), e.body...)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// layerTar is a layer of one file.
func layerTar(t testing.TB, name string) string {
	return string(writeTar(t, entry{name: name, body: "x"}))
}

func digestOf(s string) string { return sha256Of([]byte(s)) }

func blobFile(body string) entry {
	return entry{name: "blobs/sha256/" + strings.TrimPrefix(digestOf(body), "sha256:"), body: body}
}

func descriptor(mediaType, body string) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, digestOf(body), len(body))
}

const (
	mtIndex    = "application/vnd.oci.image.index.v1+json"
	mtManifest = "application/vnd.oci.image.manifest.v1+json"
	mtConfig   = "application/vnd.oci.image.config.v1+json"
	mtLayer    = "application/vnd.oci.image.layer.v1.tar"
)

func configJSON(arch string, layers ...string) string {
	ids := make([]string, len(layers))
	for i, l := range layers {
		ids[i] = digestOf(l)
	}
	list, _ := json.Marshal(ids) // strings always marshal
	return fmt.Sprintf(`{"os":"linux","architecture":%q,"rootfs":{"type":"layers","diff_ids":%s}}`, arch, list)
}

func manifestJSON(config string, layers ...string) string {
	ds := make([]string, len(layers))
	for i, l := range layers {
		ds[i] = descriptor(mtLayer, l)
	}
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]}`,
		mtManifest, descriptor(mtConfig, config), strings.Join(ds, ","))
}

func indexJSON(descriptors ...string) string {
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, mtIndex, strings.Join(descriptors, ","))
}

// with adds members to a JSON object.
func with(object, members string) string {
	return strings.TrimSuffix(object, "}") + "," + members + "}"
}

func openBytes(t testing.TB, b []byte, ref string, o Options) (*image.Image, error) {
	t.Helper()
	p := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if ref != "" {
		p += ":" + ref
	}
	return Open(context.Background(), p, o)
}

// TestBadArchive: each is refused when it is opened, before a layer is read,
// in one line that says what is wrong.
func TestBadArchive(t *testing.T) {
	layer := layerTar(t, "a")
	config := configJSON("amd64", layer)
	docker := func(manifest string, more ...entry) []byte {
		return writeTar(t, append([]entry{{name: "manifest.json", body: manifest}}, more...)...)
	}
	good := `[{"Config":"c.json","RepoTags":["shop:1.0"],"Layers":["l.tar"]}]`
	goodFiles := []entry{{name: "c.json", body: config}, {name: "l.tar", body: layer}}
	oci := func(index string, more ...entry) []byte {
		return writeTar(t, append([]entry{{name: "oci-layout", body: `{"imageLayoutVersion":"1.0.0"}`}, {name: "index.json", body: index}}, more...)...)
	}
	m := manifestJSON(config, layer)
	whole := docker(good, goodFiles...)
	lie := func(name string) string { return `"digest":"` + digestOf(name) + `","size":1` }

	for name, tt := range map[string]struct {
		archive []byte
		ref     string
		want    string
	}{
		"empty":                 {nil, "", "no image archive"},
		"text":                  {[]byte(strings.Repeat("hello ", 200)), "", "no image archive"},
		"xz":                    {append([]byte("\xfd7zXZ\x00"), make([]byte, 600)...), "", "compressed with xz"},
		"gzip cut short":        {[]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x4b"), "", "decompressing it: unexpected EOF"},
		"a root file system":    {writeTar(t, entry{name: "etc/passwd", body: "root"}), "", "neither manifest.json nor index.json"},
		"cut in a layer":        {whole[:len(whole)-3000], "", "truncated"},
		"cut in a header":       {whole[:700], "", "truncated"},
		"size of 2^62":          {writeTar(t, entry{name: "manifest.json", body: "[]", size: 1 << 62}), "", "truncated"},
		"size past the end":     {writeTar(t, entry{name: "manifest.json", body: "[]", size: 9999}), "", "truncated"},
		"negative size":         {negativeSize(t), "", "headers"},
		"links in a circle":     {writeTar(t, entry{name: "manifest.json", link: "a"}, entry{name: "a", link: "manifest.json"}), "", "in a circle"},
		"a link out of it":      {docker(good, goodFiles[0], entry{name: "l.tar", link: "../../../../etc/passwd"}), "", "layer l.tar is missing"},
		"an absolute link":      {docker(good, goodFiles[0], entry{name: "l.tar", link: "/etc/passwd"}), "", "layer l.tar is missing"},
		"manifest no JSON":      {docker("hello", goodFiles...), "", "reading manifest.json: invalid character"},
		"manifest an object":    {docker("{}", goodFiles...), "", "a list was expected"},
		"manifest empty":        {docker("[]", goodFiles...), "", "lists no image"},
		"manifest too large":    {docker(strings.Repeat(" ", maxManifest+1)), "", "more than the"},
		"manifest with a bomb":  {docker("[" + strings.Repeat("{},", maxList) + "{}]"), "", "more than 10000 entries"},
		"config missing":        {docker(good, goodFiles[1]), "", "c.json is missing"},
		"config unnamed":        {docker(`[{"Layers":["l.tar"]}]`, goodFiles...), "", "no config"},
		"config not its digest": {docker(strings.ReplaceAll(good, "c.json", strings.Repeat("0", 64)+".json"), entry{name: strings.Repeat("0", 64) + ".json", body: config}, goodFiles[1]), "", "does not match its digest"},
		"history with a bomb":   {docker(good, entry{name: "c.json", body: with(config, `"history":[`+strings.Repeat("{},", maxList)+"{}]")}, goodFiles[1]), "", "more than 10000 entries"},
		"layer missing":         {docker(good, goodFiles[0]), "", "layer l.tar is missing"},
		"a layer too many":      {docker(strings.ReplaceAll(good, `"l.tar"`, `"l.tar","l.tar"`), goodFiles...), "", "2 layers and the config 1 diff IDs"},
		"no such image":         {whole, "shop:2.0", "no image shop:2.0; it holds shop:1.0"},
		"docker 1.9":            {writeTar(t, entry{name: "repositories", body: "{}"}), "", "before 1.10"},

		"index no JSON":          {oci("hello"), "", "index.json"},
		"index a manifest":       {oci(m), "", "no index but a manifest"},
		"index empty":            {oci(indexJSON()), "", "lists no image"},
		"index missing":          {writeTar(t, entry{name: "oci-layout", body: "{}"}), "", "neither manifest.json nor index.json"},
		"blob missing":           {oci(indexJSON(descriptor(mtManifest, m))), "", " is missing"},
		"blob not its digest":    {oci(indexJSON(descriptor(mtManifest, m)), entry{name: blobFile(m).name, body: m[:len(m)-1] + " "}), "", "does not match its digest"},
		"digest climbs":          {oci(indexJSON(`{"mediaType":"` + mtManifest + `","digest":"sha256:../../etc/passwd","size":1}`)), "", "non-hex character"},
		"digest empty":           {oci(indexJSON(`{"mediaType":"` + mtManifest + `","size":1}`)), "", "no digest"},
		"index nested for ever":  {nested(t, oci, 9), "", "nested more than"},
		"index of itself":        {oci(indexJSON(`{"mediaType":"`+mtIndex+`",`+lie("x")+`}`), entry{name: blobFile("x").name, body: indexJSON(`{"mediaType":"` + mtIndex + `",` + lie("x") + `}`)}), "", "descriptor says 1"},
		"OCI layer missing":      {oci(indexJSON(descriptor(mtManifest, m)), blobFile(m), blobFile(config)), "", "is missing"},
		"OCI layer's size wrong": {oci(indexJSON(descriptor(mtManifest, m)), blobFile(m), blobFile(config), entry{name: blobFile(layer).name, body: layer + "x"}), "", "and the manifest says"},
		"no image but a chart":   ociOf(t, oci, strings.Replace(m, mtConfig, "application/vnd.cncf.helm.config.v1+json", 1), config, "holds no container image"),
		"negative layer size":    ociOf(t, oci, strings.Replace(m, fmt.Sprintf(`"size":%d}]`, len(layer)), `"size":-1}]`, 1), config, "below zero"),
		"layer size 2^62":        ociOf(t, oci, strings.Replace(m, fmt.Sprintf(`"size":%d}]`, len(layer)), `"size":4611686018427387904}]`, 1), config, "is missing"),
		"layer encrypted":        ociOf(t, oci, strings.Replace(m, mtLayer, mtLayer+"+encrypted", 1), config, "encrypted"),
		"layer foreign":          ociOf(t, oci, strings.Replace(m, mtLayer, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", 1), config, "foreign"),
		"two images":             {oci(indexJSON(descriptor(mtManifest, m), descriptor(mtManifest, m+" "))), "", "several images"},
		"schema 1":               ociOf(t, oci, `{"schemaVersion":1,"fsLayers":[]}`, config, "schema 1"),
	} {
		t.Run(name, func(t *testing.T) {
			img, err := openBytes(t, tt.archive, tt.ref, Options{TempDir: t.TempDir()})
			if err == nil {
				t.Fatalf("opened as %+v", img)
			}
			if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, want one line with %q", err, tt.want)
			}
		})
	}
}

type badArchive = struct {
	archive []byte
	ref     string
	want    string
}

func ociOf(t *testing.T, oci func(string, ...entry) []byte, m, config, want string) badArchive {
	t.Helper()
	return badArchive{oci(indexJSON(descriptor(mtManifest, m)), blobFile(m), blobFile(config)), "", want}
}

// nested is an index of an index of an index …
func nested(t *testing.T, oci func(string, ...entry) []byte, depth int) []byte {
	t.Helper()
	var blobs []entry
	body := indexJSON()
	for range depth {
		blobs = append(blobs, blobFile(body))
		body = indexJSON(descriptor(mtIndex, body))
	}
	return oci(body, blobs...)
}

// negativeSize is an archive whose second size is -1, in base 256 as GNU tar
// writes numbers that octal digits cannot.
func negativeSize(t *testing.T) []byte {
	t.Helper()
	b := writeTar(t, entry{name: "manifest.json", body: "[]"}, entry{name: "c.json", body: "{}"})
	header := b[1024 : 1024+512]
	copy(header[124:136], bytes.Repeat([]byte{0xff}, 12))
	copy(header[148:156], "        ")
	sum := 0
	for _, c := range header {
		sum += int(c)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return b
}
