package distro

import (
	"context"
	"encoding/csv"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	packageurl "github.com/package-url/packageurl-go"
	"golang.org/x/tools/txtar"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
)

func TestRelease(t *testing.T) {
	_, want := cases(t, "release/releases.txtar")
	for _, f := range txtar.Parse(read(t, "release/releases.txtar")).Files {
		folder, base, _ := strings.Cut(f.Name, "/")
		if base == "want" {
			continue
		}
		got := "none"
		if c := extract(t, Release(), "etc/"+base, f.Data); c != nil {
			d := c.Distro
			got = strings.Join([]string{d.ID, d.Version, d.Ecosystem, d.EndOfLife, d.Name}, "|")
		}
		if diff := cmp.Diff(strings.TrimSpace(want[folder+"/"]), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", f.Name, diff)
		}
	}
}

func TestReleaseUnreadable(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "garbage": "\x00\x01\x02", "too long": "ID=debian\n" + strings.Repeat("#", maxRelease),
	} {
		if _, err := release("etc/os-release", section([]byte(content))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestLifecycles checks the form of the table: a date that is no date, or a
// release that no version can name, would never be found.
func TestLifecycles(t *testing.T) {
	for id, l := range lifecycles {
		if _, known := families[id]; !known && id != "centos stream" {
			t.Errorf("%s is no known distro", id)
		}
		for release, day := range l.ends {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				t.Errorf("%s %s: %v", id, release, err)
			}
			if n := strings.Count(release, ".") + 1; n > l.parts {
				t.Errorf("%s %s has %d numbers of %d", id, release, n, l.parts)
			}
		}
	}
}

// TestLifecyclesReal compares with what Debian and Ubuntu publish.
func TestLifecyclesReal(t *testing.T) {
	for id, column := range map[string]string{"debian": "eol-lts", "ubuntu": "eol"} {
		f, err := os.Open("/usr/share/distro-info/" + id + ".csv")
		if err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal("no distro-info: apt-get install distro-info-data")
			}
			t.Skip("no distro-info: apt-get install distro-info-data")
		}
		defer f.Close()
		r := csv.NewReader(f)
		r.FieldsPerRecord = -1 // the newest releases have no later dates yet
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		compared := 0
		for _, row := range rows[1:] {
			version, _, _ := strings.Cut(row[0], " ")
			ours, ok := lifecycles[id].ends[version]
			for i, name := range rows[0] {
				if ok && name == column && i < len(row) {
					compared++
					if row[i] != ours {
						t.Errorf("%s %s ends on %s, not %s", id, version, row[i], ours)
					}
				}
			}
		}
		if compared < 7 {
			t.Errorf("%s: only %d releases compared", id, compared)
		}
	}
}

// TestFamilies checks that names of ecosystems are of the form that feeds use.
func TestFamilies(t *testing.T) {
	form := regexp.MustCompile(`^[A-Z][A-Za-z ]+(:[A-Za-z0-9][A-Za-z0-9. -]*)?$|^(SUSE|openSUSE|openEuler):.+$`)
	for id, f := range families {
		if f.packages != "deb" && f.packages != "apk" && f.packages != "rpm" || f.namespace == "" {
			t.Errorf("%s: %+v", id, f)
		}
		d := &image.Distro{ID: strings.ToUpper(id), Version: "15.6", Name: "SUSE Linux Enterprise Server 15 SP6 (LTS)"}
		if strings.HasPrefix(id, "opensuse") {
			d.Name = "openSUSE Leap 15.6"
		}
		if e := ecosystem(d); f.ecosystem != nil && !form.MatchString(e) {
			t.Errorf("%s: ecosystem %q", id, e)
		}
		if e := ecosystem(&image.Distro{ID: id}); strings.HasSuffix(e, ":") || strings.HasSuffix(e, "v") {
			t.Errorf("%s without a version: ecosystem %q", id, e)
		}
	}
}

func TestIdentify(t *testing.T) {
	debian := &image.Distro{ID: "debian", Version: "12", Ecosystem: "Debian:12"}
	tests := []struct {
		name      string
		p         inventory.Package
		d         *image.Distro
		ecosystem string
		purl      string
	}{
		{"deb of another source", inventory.Package{Type: "deb", Name: "libssl3", Version: "3.0.11-1~deb12u2", Arch: "amd64", SourceName: "openssl", SourceVer: "3.0.11-1~deb12u2"}, debian,
			"Debian:12", "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl"},
		{"deb with epoch and plus", inventory.Package{Type: "deb", Name: "login", Version: "1:4.13+dfsg1-1+b1", Arch: "amd64", SourceName: "shadow", SourceVer: "1:4.13+dfsg1-1"}, debian,
			"Debian:12", "pkg:deb/debian/login@1:4.13%2Bdfsg1-1%2Bb1?arch=amd64&distro=debian-12&upstream=shadow%401:4.13%2Bdfsg1-1"},
		{"apk of its own source", inventory.Package{Type: "apk", Name: "musl", Version: "1.2.4-r2", Arch: "x86_64", SourceName: "musl", SourceVer: "1.2.4-r2"},
			&image.Distro{ID: "alpine", Version: "3.18.9", Ecosystem: "Alpine:v3.18"},
			"Alpine:v3.18", "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18.9"},
		{"rpm with epoch and module", inventory.Package{Type: "rpm", Name: "openssl-libs", Version: "1:3.0.7-27.el9_4", Arch: "x86_64", SourceName: "openssl", SourceVer: "1:3.0.7-27.el9_4", Module: "m:1:2:c"},
			&image.Distro{ID: "rhel", Version: "9.4", Ecosystem: "Red Hat:9"},
			"Red Hat:9", "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9_4?arch=x86_64&distro=rhel-9.4&epoch=1&rpmmod=m:1:2:c&upstream=openssl-3.0.7-27.el9_4.src.rpm"},
		{"no distro", inventory.Package{Type: "rpm", Name: "a", Version: "1-2", Arch: "noarch"}, nil,
			"", "pkg:rpm/a@1-2?arch=noarch"},
		{"a derivative", inventory.Package{Type: "deb", Name: "a", Version: "1"}, &image.Distro{ID: "kali", Version: "2024.1"},
			"", "pkg:deb/kali/a@1?distro=kali-2024.1"},
		{"a package of another kind", inventory.Package{Type: "rpm", Name: "a", Version: "1-2"}, debian,
			"", "pkg:rpm/a@1-2?distro=debian-12"},
		{"rolling", inventory.Package{Type: "apk", Name: "a", Version: "1-r0"}, &image.Distro{ID: "wolfi", Ecosystem: "Wolfi"},
			"Wolfi", "pkg:apk/wolfi/a@1-r0?distro=wolfi"},
	}
	for _, test := range tests {
		p := test.p
		Identify(&p, test.d)
		if p.Ecosystem != test.ecosystem {
			t.Errorf("%s: ecosystem %q, want %q", test.name, p.Ecosystem, test.ecosystem)
		}
		// Compared as the purl library reads them, which knows what may be
		// percent-encoded and what need not be.
		got, err := packageurl.FromString(p.PURL)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		want, err := packageurl.FromString(test.purl)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", test.name, p.PURL, diff)
		}
	}
}

// TestCancel says that no extractor goes on when nobody waits for it.
func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := apk(ctx, "installed", strings.NewReader("P:a\nV:1\n\n")); err == nil {
		t.Error("no error")
	}
}
