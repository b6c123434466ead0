package report

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// everyBill writes a bill of materials for all samples, an empty result and
// every hostile text, each in a file of its own.
func everyBill(t *testing.T, format string) []string {
	t.Helper()
	results := map[string]*result.Result{
		"shop": shop(), "clean": clean(), "broken": broken(), "crowded": crowded(), "removed": withRemoved(),
		"empty": {Verdict: result.Verdict{Action: "block", Incomplete: true, ExitCode: 1}, Failed: "no such image"},
	}
	for i, s := range hostile {
		results[fmt.Sprintf("hostile%02d", i)] = hostileResult(s)
	}
	dir := t.TempDir()
	var files []string
	for name, r := range results {
		file := filepath.Join(dir, name+"."+format+".json")
		if err := os.WriteFile(file, render(t, format, r, Options{}), 0o644); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func withRemoved() *result.Result {
	r := shop()
	r.Removed = []result.Removed{{Package: result.Package{Type: "npm", Name: "left-pad", Version: "1.0.0", PURL: "pkg:npm/left-pad@1.0.0",
		Path: "srv/node_modules/left-pad/package.json", Layer: 3, FirstLayer: 3}, RemovedIn: 5}}
	return r
}

// moduleFolder is where a module of go.mod lies.
func moduleFolder(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", path).Output()
	if err != nil {
		t.Fatalf("looking for the module %s: %v", path, err)
	}
	return strings.TrimSpace(string(out))
}

func TestPackageIDsAreUniqueAndStayTheSame(t *testing.T) {
	p := result.Package{Type: "npm", Name: "@scope/a", Version: "1", PURL: "pkg:npm/%40scope/a@1", Path: "x"}
	elsewhere := p
	elsewhere.Path = "y"
	ids := packageIDs([]result.Package{p, elsewhere, p, p})
	seen := make(map[string]bool)
	for _, id := range ids {
		if seen[id] || !strings.HasPrefix(id, "npm-scope-a-") {
			t.Errorf("%q comes twice or cannot be read: %q", id, ids)
		}
		seen[id] = true
	}
	if other := packageIDs([]result.Package{elsewhere}); other[0] != ids[1] {
		t.Errorf("%q is %q in another document", ids[1], other[0])
	}
}

func TestDistinctID(t *testing.T) {
	seen := make(map[string]int)
	got := ""
	for _, id := range []string{"a", "a-2", "a", "a", "a-2"} {
		got += distinctID(seen, id) + " "
	}
	if want := "a a-2 a-3 a-4 a-2-2 "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestImageNames(t *testing.T) {
	amd64 := image.Platform{OS: "linux", Architecture: "amd64"}
	known := digest("d1")
	for _, c := range []struct {
		img                 result.Image
		name, version, purl string
	}{
		// The purl specification's example of the type oci, with our digest.
		{result.Image{Name: "docker.io/library/debian:latest", Source: "registry", Digest: known, Platform: amd64},
			"docker.io/library/debian", "latest", "pkg:oci/debian@" + known + "?arch=amd64&repository_url=docker.io/library/debian&tag=latest"},
		{result.Image{Name: "debian", Source: "docker", Digest: known}, "debian", known, "pkg:oci/debian@" + known + "?repository_url=docker.io/library/debian"},
		{result.Image{Name: "registry:localhost:5000/Shop", Source: "registry", Digest: known}, "registry:localhost:5000/Shop", known, ""},
		{result.Image{Name: "registry:localhost:5000/shop@" + known, Source: "registry", Digest: known},
			"localhost:5000/shop", known, "pkg:oci/shop@" + known + "?repository_url=localhost:5000/shop"},
		{result.Image{Name: "shop:1", Source: "docker", ID: digest("1d")}, "shop", "1", ""},
		{result.Image{Name: "shop.tar", Source: "oci-archive", Location: "shop.tar", Tags: []string{"1.4.2"}, Digest: known}, "shop.tar", known, ""},
		{result.Image{Name: "docker-archive:shop.tar", Source: "docker-archive", Location: "shop.tar", Tags: []string{"example.com/shop:1"}, Digest: known},
			"example.com/shop", "1", "pkg:oci/shop@" + known + "?repository_url=example.com/shop&tag=1"},
		{result.Image{Name: "rootfs:/mnt", Source: "rootfs", Location: "/mnt"}, "rootfs:/mnt", "", ""},
		{result.Image{}, "unnamed image", "", ""},
	} {
		got := nameOf(c.img)
		if got.name != c.name || got.version != c.version || !samePURL(t, got.purl, c.purl) {
			t.Errorf("%q: %+v, want %q %q %q", c.img.Name, got, c.name, c.version, c.purl)
		}
	}
}

// samePURL compares what package URLs mean: qualifiers may be in any escaping.
func samePURL(t *testing.T, got, want string) bool {
	t.Helper()
	if got == "" || want == "" {
		return got == want
	}
	a, err := packageurl.FromString(got)
	if err != nil {
		t.Errorf("%q is no package URL: %v", got, err)
	}
	b, err := packageurl.FromString(want)
	if err != nil {
		t.Fatal(err)
	}
	return a.ToString() == b.ToString()
}

func TestValidPURL(t *testing.T) {
	for _, p := range shop().Packages {
		if !validPURL(p.PURL) {
			t.Errorf("%q is one", p.PURL)
		}
	}
	for _, s := range append(hostile, "pkg:", "pkg:npm", "pkg:npm/", "npm/a@1", "pkg:npm/a b@1", "pkg:npm/é@1", "pkg:npm/"+strings.Repeat("a", 5000)) {
		if validPURL(s) {
			t.Errorf("%.40q is none", s)
		}
	}
}

func TestContentUUID(t *testing.T) {
	uuid := func(r *result.Result) string {
		t.Helper()
		u, err := contentUUID(r)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	other := shop()
	other.Findings[0].Verdict.Reason += "!"
	one, again := uuid(shop()), uuid(shop())
	if one != again || one == uuid(other) {
		t.Error("a UUID is for one content, and one content has one")
	}
}

func TestCutField(t *testing.T) {
	for _, s := range append(hostile, strings.Repeat("é", 2000), strings.Repeat("\xff", 3000)) {
		got := cutField(s)
		if n := len([]rune(got)); n > 1024 {
			t.Errorf("%.20q: %d characters", s, n)
		}
		if len(s) <= maxField && got != s || len(s) > maxField && !strings.HasSuffix(got, " more bytes]") {
			t.Errorf("%.20q became %.20q", s, got)
		}
	}
}

func TestLabelLines(t *testing.T) {
	labels := make(map[string]string)
	for i := range maxLabels + 3 {
		labels[fmt.Sprintf("k%03d", i)] = "v"
	}
	lines := labelLines(labels)
	if len(lines) != maxLabels+1 || lines[0] != "k000=v" || lines[maxLabels] != "…3 more" {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
}

// manyPackages is larger than any image.
func manyPackages() *result.Result {
	r := shop()
	r.Packages = nil
	for i := range 20_000 {
		p := installed(nil)[i%100]
		p.Path = "opt/" + strings.Repeat("d/", i%9) + p.Name + string(rune('a'+i%26)) + "/" + strings.Repeat("x", i/260)
		r.Packages = append(r.Packages, p)
	}
	for range 500 {
		r.Findings = append(r.Findings, shop().Findings...)
	}
	return r
}

func BenchmarkBill(b *testing.B) {
	r := manyPackages()
	for _, name := range []string{"cyclonedx", "spdx"} {
		f, err := Find(name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n := &counter{}
				if err := f.Write(n, r, Options{}); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n.bytes)
			}
		})
	}
}

type counter struct{ bytes int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}
