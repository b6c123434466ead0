package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/result"
)

// TestGitLabImage: cut at its last colon, as GitLab does, a name is still one
// that no other image has.
func TestGitLabImage(t *testing.T) {
	id := digest("1d")
	for _, test := range []struct{ name, source, tag, id, want string }{
		{"registry.example.com/shop/web:1.2", "registry", "", id, "registry.example.com/shop/web:1.2"},
		{"web@" + id, "registry", "", id, "web@" + id},
		{"localhost:5000/shop/web", "registry", "", id, "localhost:5000/shop/web@" + id},
		{"shop.tar", "docker-archive", "", id, "shop.tar@" + id},
		{"docker-archive:shop.tar", "docker-archive", "", id, "shop.tar@" + id},
		{"/builds/x1/shop.tar", "docker-archive", "", id, "shop.tar@" + id},
		{"/builds/x1/shop.tar", "docker-archive", "shop/web:2", id, "shop/web:2"},
		{"/builds/x1/shop.tar", "oci-archive", "1.4.2", id, "shop.tar@" + id},
		{"shop.tar", "rootfs", "", "", "shop.tar:latest"},
		{"", "", "", "", "unknown:latest"},
		{strings.Repeat("x", 300) + ":1.2", "registry", "shop/web:2", id, "shop/web:2"},
	} {
		r := &result.Result{Image: result.Image{Name: test.name, Source: test.source, Tags: []string{test.tag}, ID: test.id}}
		if got := gitlabImage(r); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestGitLabDefaultBranchImage(t *testing.T) {
	g := readGitLab(t, "gitlab", shop(), Options{DefaultBranchImage: "registry.example.com/shop/web:main"})
	if got := g.Vulnerabilities[0].Location.DefaultBranchImage; got != "registry.example.com/shop/web:main" {
		t.Errorf("got %q", got)
	}
	g = readGitLab(t, "gitlab", shop(), Options{DefaultBranchImage: strings.Repeat("x", 256)})
	if got := g.Vulnerabilities[0].Location.DefaultBranchImage; got != "" || !strings.Contains(fmt.Sprint(g.Scan.Messages), "left out") {
		t.Errorf("got %q and %q", got, g.Scan.Messages)
	}
}

// TestClipName: names that are long and alike stay apart.
func TestClipName(t *testing.T) {
	long := strings.Repeat("é", 300)
	a, b := clipName(long+"a", 200), clipName(long+"b", 200)
	if a == b || len([]rune(a)) != 200 || clipName("short", 200) != "short" {
		t.Errorf("%q and %q", a, b)
	}
}
