package match

import "testing"

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		typ, a, b string
		want      int
		ok        bool
	}{
		{"deb", "1.0~rc1", "1.0", -1, true},
		{"apk", "1.2.3-r10", "1.2.3-r9", 1, true},
		{"rpm", "1:1.0-1", "2.0-1", 1, true},
		{"maven", "2.9", "2.10", -1, true},
		{"npm", "1.0.0", "1.0.0", 0, true},
		{"npm", "1.0.0", "latest", 0, false},
		{"golang", "v1.9.0", "v1.10.0", -1, true},
		{"swift", "1", "2", 0, false},
	} {
		if got, ok := Compare(c.typ, c.a, c.b); sign(got) != c.want || ok != c.ok {
			t.Errorf("Compare(%s, %s, %s) = %d, %t; want %d, %t", c.typ, c.a, c.b, got, ok, c.want, c.ok)
		}
	}
}

// Every order that advisories are compared by can be asked for by a purl's type.
func TestEveryOrderHasAType(t *testing.T) {
	types := map[string]string{"Bitnami": "bitnami", "crates.io": "cargo", "Go": "golang", "Hex": "hex", "Maven": "maven", "npm": "npm",
		"NuGet": "nuget", "Packagist": "composer", "PyPI": "pypi", "RubyGems": "gem"}
	for name, e := range ecosystems {
		if e.source || e.either {
			continue // a distro's
		}
		typ, ok := types[name]
		if !ok {
			typ = "rpm"
		}
		if typeOrders[typ] == nil {
			t.Errorf("%s: there is no order for %s", name, typ)
		}
	}
}
