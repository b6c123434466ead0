package match

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/advisory"
	"github.com/layergate/layergate/agent/internal/finding"
)

// The rules are those of https://ossf.github.io/osv-schema/#evaluation.
func TestHolds(t *testing.T) {
	for _, test := range []struct {
		ecosystem string
		ranges    []string
		versions  []string
		installed string
		want      answer
		fixes     []string
	}{
		{"npm", []string{"0 <1.2.0"}, nil, "1.1.9", yes, []string{"1.2.0"}},
		{"npm", []string{"0 <1.2.0"}, nil, "1.2.0", no, nil},
		{"npm", []string{"0 <1.2.0"}, nil, "1.2.0-rc.1", yes, []string{"1.2.0"}},
		{"npm", []string{"0 <=1.2.0"}, nil, "1.2.0", yes, nil},
		{"npm", []string{"0 <=1.2.0"}, nil, "1.2.1", no, nil},
		{"npm", []string{"1.0.0 <=1.0.0"}, nil, "1.0.0", yes, nil},
		{"npm", []string{"0 <1.2.0 2.0.0 <2.3.0"}, nil, "2.1.0", yes, []string{"2.3.0"}},
		{"npm", []string{"0 <1.2.0 2.0.0 <2.3.0"}, nil, "1.5.0", no, nil},
		{"npm", []string{"0 <1.2.0 2.0.0 <2.3.0"}, nil, "2.0.0", yes, []string{"2.3.0"}},
		{"npm", []string{"<2.3.0 2.0.0 <1.2.0 0"}, nil, "1.0.0", yes, []string{"1.2.0"}}, // in no order
		{"npm", []string{"<2.3.0 2.0.0 <1.2.0 0"}, nil, "1.5.0", no, nil},
		{"npm", []string{"0 <1.2.0", "2.0.0 <2.3.0"}, nil, "2.2.9", yes, []string{"2.3.0"}}, // any range
		{"npm", []string{"0"}, nil, "9.9.9", yes, nil},
		{"npm", []string{"0"}, nil, "garbage", yes, nil}, // every version is every version
		{"npm", []string{"0 <1.0.0"}, nil, "garbage", unknown, nil},
		{"npm", []string{"0 <garbage"}, nil, "1.0.0", unknown, nil},
		{"npm", []string{"0 <garbage", "0 <2.0.0"}, nil, "1.0.0", yes, []string{"2.0.0"}},
		{"npm", []string{"0 <0"}, nil, "1.0.0", no, nil},
		{"npm", []string{"0 limit:2.0.0"}, nil, "1.0.0", yes, nil},
		{"npm", []string{"0 limit:2.0.0"}, nil, "2.0.0", no, nil},
		{"npm", []string{"0 limit:*"}, nil, "2.0.0", yes, nil},
		{"npm", nil, []string{"1.0.0"}, "1.0.0+build", yes, nil},
		{"npm", nil, []string{"1.0.0"}, "garbage", unknown, nil},
		{"npm", nil, []string{"garbage"}, "garbage", yes, nil},
		{"npm", []string{"0 <1.0.0"}, []string{"1.1.0"}, "1.1.0", yes, nil},
		{"npm", []string{"3.0.0 <3.1.0"}, []string{"1.1.0"}, "1.1.0", yes, []string{"3.1.0"}},
		{"PyPI", nil, []string{"1.0"}, "1.0.0", yes, nil},
		{"PyPI", nil, []string{"1.0"}, "1.0.1", no, nil},
		{"PyPI", nil, []string{"1.0rc1"}, "1.0-RC1", yes, nil},
		{"PyPI", nil, []string{"0.9-gyarados"}, "0.9-gyarados", yes, nil},
		{"Go", []string{"0 <0.0.0-20170524231039-0417178a3c28"}, nil, "v0.0.0-20170101000000-aaaaaaaaaaaa", yes, []string{"0.0.0-20170524231039-0417178a3c28"}},
		{"Go", []string{"0 <0.0.0-20170524231039-0417178a3c28"}, nil, "v0.0.0-20180101000000-aaaaaaaaaaaa", no, nil},
		{"Go", []string{"0 <2.0.0"}, nil, "v2.0.0+incompatible", no, nil},
		{"Go", []string{"0 <1.21.11 1.22.0-0 <1.22.4"}, nil, "go1.22.3", yes, []string{"1.22.4"}},
		{"Go", []string{"0 <1.21.11 1.22.0-0 <1.22.4"}, nil, "1.21.11", no, nil},
		{"Go", []string{"0 <1.21.11 1.22.0-0 <1.22.4"}, nil, "go1.22rc1", yes, []string{"1.22.4"}},
		{"Go", []string{"0 <1.22.0-rc.2"}, nil, "go1.22rc2", no, nil},
		{"Go", []string{"0 <1.22.4"}, nil, "go1.22.3 X:boringcrypto", yes, []string{"1.22.4"}},
		{"crates.io", []string{"0.0.0-0 <1.0.6"}, nil, "1.0.5", yes, []string{"1.0.6"}},
		{"Maven", []string{"2.0-beta9 <2.15.0"}, nil, "2.14.1", yes, []string{"2.15.0"}},
		{"Maven", []string{"2.0-beta9 <2.15.0"}, nil, "2.0-beta8", no, nil},
		{"Maven", []string{"0 <4.1.42.Final"}, nil, "4.1.42.Final", no, nil},
		{"RubyGems", []string{"0 <1.13.10"}, nil, "1.13.9", yes, []string{"1.13.10"}},
		{"NuGet", []string{"0 <13.0.1"}, nil, "13.0.1-beta1", yes, []string{"13.0.1"}},
		{"Packagist", []string{"2.0 <=2.8"}, nil, "v2.8.0", yes, nil},
		{"Packagist", []string{"2.0 <2.8"}, nil, "dev-main", unknown, nil},
		{"Bitnami", []string{"0 <7.4.2"}, nil, "7.4.1-12", yes, []string{"7.4.2"}},
		{"Bitnami", []string{"0 <7.4.2"}, nil, "7.4.2-0", no, nil},
		{"Bitnami", []string{"1.62.0-0 <1.81.0-1"}, nil, "1.81.0-0", yes, []string{"1.81.0-1"}},
		{"Bitnami", []string{"1.62.0-0 <1.81.0-1"}, nil, "1.81.0-10", no, nil},
		{"Bitnami", []string{"0 <2.6.0-rc2"}, nil, "2.6.0-rc1-4", yes, []string{"2.6.0-rc2"}},
		{"Bitnami", []string{"0 <8.0.392"}, nil, "8.0.392-8-0", no, nil},
		{"Debian:12", []string{"0 <1:2.36-9+deb12u7"}, nil, "1:2.36-9+deb12u4", yes, []string{"1:2.36-9+deb12u7"}},
		{"AlmaLinux:8", []string{"0 <102.7.0-1.el8_7.alma"}, nil, "0:102.6.0-1.el8_7.alma", yes, []string{"102.7.0-1.el8_7.alma"}},
		{"Azure Linux:3", []string{"0 <=0:4.13-5.azl3"}, nil, "4.13-5.azl3", yes, nil},
		// Fixes as Azure Linux and Alpine really publish them: decided only
		// where the garbage does not matter.
		{"Azure Linux:3", []string{"0 <0:1.17.13-2,1.18.8-2,1.21.6-1.azl3"}, nil, "1.18.0-1.azl3", no, nil},
		{"Azure Linux:3", []string{"0 <0:1.17.13-2,1.18.8-2,1.21.6-1.azl3"}, nil, "1.17.13-1.azl3", unknown, nil},
		{"Azure Linux:2", []string{"0 <0:null.cm2"}, nil, "1.0-1.cm2", unknown, nil},
		{"Azure Linux:2", []string{"0 <0:0.9.0.cm2"}, nil, "0.9.0-1.cm2", unknown, nil},
		{"Azure Linux:2", []string{"0 <0:␣1.20.10-1.cm2"}, nil, "1.20.9-1.cm2", yes, []string{"0: 1.20.10-1.cm2"}},
		{"Alpine:v3.20", []string{"0 <1.9.5p2-r0"}, nil, "1.9.15_p5-r0", no, nil},
		{"Alpine:v3.20", []string{"0 <1.9.5p2-r0"}, nil, "1.9.5_p1-r0", unknown, nil},
		{"Alpine:v3.20", []string{"0 <10.0.11-0"}, nil, "10.0.11-r0", unknown, nil},
		{"Alpine:v3.20", []string{"0 <10.0.11-0"}, nil, "10.0.10-r3", yes, []string{"10.0.11-0"}},
	} {
		eco, ok := ecosystemOf(test.ecosystem)
		if !ok {
			t.Fatal(test.ecosystem)
		}
		a := advisory.Affected{Versions: test.versions}
		for _, r := range test.ranges {
			a.Ranges = append(a.Ranges, rangeOf(r))
		}
		got, fixes := eco.holds(&a, eco.parse(test.installed))
		var texts []string
		for _, f := range fixes {
			texts = append(texts, f.text)
		}
		if got != test.want || test.want == yes && !slices.Equal(texts, test.fixes) {
			t.Errorf("%s %s in %v %v: %d fixed in %v, want %d in %v",
				test.ecosystem, test.installed, test.ranges, test.versions, got, texts, test.want, test.fixes)
		}
	}
}

// What a tool takes for no version must not be ordered.
func TestGarbage(t *testing.T) {
	for ecosystem, list := range map[string][]string{
		"Debian":    {"", "a:1.0", ":1", "1:", "1.0-", "latest", "1.0_1", "1.0 2", "-1"},
		"Alpine":    {"", "r1", "latest"},
		"Mageia":    {"", "latest-1", "x:1-1", "null", "1 2-1"},
		"npm":       {"", "latest", "64e00e7", "git+https://example.org/a.git", "*", "x.1.2"},
		"Go":        {"", "(devel)", "devel", "master"},
		"PyPI":      {"", "0.9-gyarados", "2013-01-21T20:33:09+0100", "unknown", "1.0beta6.1"},
		"Maven":     {"", "${project.version}", "unspecified", "1.0 beta", "@version@"},
		"RubyGems":  {"", "a.1", "1..2", "1.0 2"},
		"NuGet":     {"", "1.*", "1.2.3.4.5", "$version$"},
		"Packagist": {"", "dev-main", "2.x-dev", "1.2.3.4.5", "9999999-dev-x"},
	} {
		for _, text := range list {
			if v, ok := ecosystems[ecosystem].order(text); ok {
				t.Errorf("%s takes %q for a version: %v", ecosystem, text, v)
			}
		}
	}
}

func TestFixState(t *testing.T) {
	for _, test := range []struct {
		ranges string
		says   finding.FixState
		want   finding.FixState
		fixed  []string
	}{
		{"0 <2.0.0", "", finding.Fixed, []string{"2.0.0"}},
		{"0 <2.0.0", finding.WillNotFix, finding.Fixed, []string{"2.0.0"}},
		{"0", "", finding.NotFixed, nil},
		{"0", finding.WillNotFix, finding.WillNotFix, nil},
		{"0 <=1.0.0", "", finding.FixUnknown, nil},
	} {
		a := affects("npm", "x", test.ranges)
		a.FixState = test.says
		idx := memory{records: []advisory.Record{{ID: "GHSA-a", Affected: []advisory.Affected{a}}}}
		hits, _ := ecosystems["npm"].decide(must(idx.Lookup("npm", "x")), "1.0.0")
		state, fixed := problems(hits)[0].fix()
		if diff := cmp.Diff(test.fixed, fixed); diff != "" || state != test.want {
			t.Errorf("%s, %q: %s in %v, want %s in %v", test.ranges, test.says, state, fixed, test.want, test.fixed)
		}
	}
}

func must(m []advisory.Match, err error) []advisory.Match {
	if err != nil {
		panic(err)
	}
	return m
}

// FuzzOrders: orders neither panic nor contradict themselves.
func FuzzOrders(f *testing.F) {
	for _, seed := range [][2]string{
		{"1.2.3", "1.2.3-rc.1"}, {"1:2.36-9+deb12u4", "2.36~rc1"}, {"1.0_alpha1-r0", "1.0~0a-r1"}, {"1.0^git1-1.el9", "0:1.0~-2"},
		{"go1.22rc1", "v0.0.0-20170524231039-0417178a3c28"}, {"1!1.0.post1.dev2+local.7", "1.0c1"}, {"1.0.0.Final", "2.0-beta9"},
		{"1.0.a-1", "1.pre"}, {"v1.0-beta.2-dev", "1.0.0.0-p1"}, {"1.17.13-2,1.18.8-2", "9"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for name, eco := range ecosystems {
			v, vOK := eco.order(a)
			w, wOK := eco.order(b)
			if vOK {
				if c, ok := v.compare(v); c != 0 || !ok {
					t.Errorf("%s: %q is not the same as itself: %d, %t", name, a, c, ok)
				}
			}
			if !vOK || !wOK {
				continue
			}
			c, ok := v.compare(w)
			d, back := w.compare(v)
			if ok != back || ok && c != -d {
				t.Errorf("%s: %q to %q is %d, %t, the other way %d, %t", name, a, b, c, ok, d, back)
			}
		}
	})
}
