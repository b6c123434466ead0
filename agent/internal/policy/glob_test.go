package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "a", true},
		{"a", "ab", false},
		{"a", "ba", false},
		{"*", "", true},
		{"*", "a/b", true},
		{"a*", "a", true},
		{"a*", "ab/c", true},
		{"*a", "ba", true},
		{"*a", "ab", false},
		{"a*c", "abbc", true},
		{"a*c", "ac", true},
		{"a*c", "acb", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"*ab", "aab", true},
		{"**", "x", true},
		{"registry.example.com/shop/*", "registry.example.com/shop/web/api:1", true},
		{"registry.example.com/shop/*", "registry.example.com/shop", false},
		{"registry.example.com/shop/*", "evil.com/registry.example.com/shop/x", false},
		{"registry.example.com/*", "registryXexample.com/a", false},
		{"a?c", "abc", false},
		{"a?c", "a?c", true},
		{"[ab]", "a", false},
		{"A", "a", false},
	} {
		if got := globMatch(c.pattern, c.text); got != c.want {
			t.Errorf("globMatch(%q, %q) = %t", c.pattern, c.text, got)
		}
	}
}

// The worst pattern for the worst text takes no exponential time: a test that
// never ends would fail.
func TestGlobIsBounded(t *testing.T) {
	if globMatch(strings.Repeat("a*", 400)+"b", strings.Repeat("a", 50_000)) {
		t.Error("there is no b")
	}
}

// Whatever covers says is true of what the two patterns match.
func FuzzCovers(f *testing.F) {
	f.Add("a*", "ab*", "abc")
	f.Add("*b", "a*b", "ab")
	f.Fuzz(func(t *testing.T, wide, narrow, text string) {
		if covers(wide, narrow) && globMatch(narrow, text) && !globMatch(wide, text) {
			t.Errorf("%q does not cover %q, which matches %q", wide, narrow, text)
		}
	})
}

func TestImageNames(t *testing.T) {
	for _, c := range []struct {
		name string
		tags []string
		want []string
	}{
		{"registry.example.com:5000/shop/app:1.2", nil,
			[]string{"registry.example.com:5000/shop/app:1.2", "registry.example.com:5000/shop/app"}},
		{"app@sha256:00", nil,
			[]string{"app@sha256:00", "app", "docker.io/library/app@sha256:00", "docker.io/library/app"}},
		{"index.docker.io/library/debian:12", nil,
			[]string{"debian:12", "debian", "docker.io/library/debian:12", "docker.io/library/debian"}},
		{"me/app", nil, []string{"me/app", "docker.io/me/app"}},
		{"localhost/app", []string{"", "x.y/z:1"}, []string{"localhost/app", "x.y/z:1", "x.y/z"}},
	} {
		if diff := cmp.Diff(c.want, imageNames(c.name, c.tags)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestScope(t *testing.T) {
	labels := map[string]string{"tier": "prod", "team": "shop"}
	for _, c := range []struct {
		name  string
		scope Scope
		job   string
		want  bool
	}{
		{"nothing", Scope{}, "", true},
		{"image", Scope{Images: []string{"x", "*/app"}}, "", true},
		{"tag", Scope{Images: []string{"registry.example.com/shop*"}}, "", true},
		{"no image", Scope{Images: []string{"x"}}, "", false},
		{"label", Scope{Labels: map[string]string{"tier": "pr*"}}, "", true},
		{"any value", Scope{Labels: map[string]string{"tier": "*"}}, "", true},
		{"another value", Scope{Labels: map[string]string{"tier": "test"}}, "", false},
		{"one of two labels", Scope{Labels: map[string]string{"tier": "prod", "team": "pay"}}, "", false},
		{"no such label", Scope{Labels: map[string]string{"zone": "*"}}, "", false},
		{"job", Scope{Jobs: []string{"test", "release-*"}}, "release-1", true},
		{"another job", Scope{Jobs: []string{"release-*"}}, "build", false},
		{"outside of a job", Scope{Jobs: []string{"release-*"}}, "", false},
		{"all", Scope{Images: []string{"*"}, Labels: labels, Jobs: []string{"a"}}, "a", true},
		{"all but the image", Scope{Images: []string{"x"}, Labels: labels, Jobs: []string{"a"}}, "a", false},
	} {
		names := imageNames("me/app", []string{"registry.example.com/shop/app:1"})
		if got := c.scope.matches(names, labels, c.job); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"images", "jobs", "labels"}
	for word, want := range map[string]string{
		"image":      `did you mean "images"?`,
		"IMAGES":     `did you mean "images"?`,
		"lables":     `did you mean "labels"?`,
		"job":        `did you mean "jobs"?`,
		"extends":    "use one of images, jobs, labels",
		"":           "use one of images, jobs, labels",
		"imagesabcd": "use one of images, jobs, labels",
	} {
		if got := suggest(word, known); got != want {
			t.Errorf("suggest(%q) = %s", word, got)
		}
	}
}

func TestInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Minute: "1.5 hours",
		47 * time.Hour:   "47 hours",
		48 * time.Hour:   "2 days",
		191 * time.Hour:  "7 days",
	} {
		if got := inWords(d); got != want {
			t.Errorf("inWords(%s) = %s", d, got)
		}
	}
}
