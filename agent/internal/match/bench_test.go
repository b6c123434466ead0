package match

import (
	"fmt"
	"testing"

	"github.com/layergate/layergate/agent/internal/advisory/store"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
)

// BenchmarkMatch matches 2,000 packages with the embedded index: 400 of
// Debian 12's, of 13 sources that have many advisories, and 1,600 of npm's,
// most of which have none.
func BenchmarkMatch(b *testing.B) {
	index, err := store.Embedded()
	if err != nil {
		b.Fatal(err)
	}
	defer index.Close()
	sources := []struct{ name, version string }{ // as in Debian 12.0
		{"openssl", "3.0.9-1"}, {"glibc", "2.36-9"}, {"curl", "7.88.1-10"}, {"perl", "5.36.0-7"},
		{"python3.11", "3.11.2-6"}, {"systemd", "252.6-1"}, {"util-linux", "2.38.1-5"},
		{"imagemagick", "8:6.9.11.60+dfsg-1.6"}, {"tiff", "4.5.0-6"}, {"git", "1:2.39.2-1.1"},
		{"krb5", "1.20.1-2"}, {"sqlite3", "3.40.1-2"}, {"zlib", "1:1.2.13.dfsg-1"},
	}
	inv := &inventory.Inventory{Distro: &image.Distro{ID: "debian"}}
	for i := range 400 {
		source := sources[i%len(sources)]
		inv.Packages = append(inv.Packages, inventory.Package{
			Type: "deb", Name: fmt.Sprintf("%s-%d", source.name, i), Version: source.version,
			SourceName: source.name, SourceVer: source.version,
			Ecosystem: "Debian:12", Distro: true, Path: "var/lib/dpkg/status",
		})
	}
	known := []string{"lodash", "minimist", "ws", "axios", "jquery", "qs", "semver", "tar"}
	for i := range 1600 {
		name := fmt.Sprintf("package-%d", i)
		if i%20 == 0 {
			name = known[i/20%len(known)]
		}
		inv.Packages = append(inv.Packages, inventory.Package{
			Type: "npm", Name: name, Version: "1.2.3", Ecosystem: "npm", Path: "app/node_modules/" + name + "/package.json",
		})
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		findings, _, err := Match(b.Context(), index, inv)
		if err != nil {
			b.Fatal(err)
		}
		n = len(findings)
	}
	b.ReportMetric(float64(n), "findings")
}
