package e2e

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestAlpine compares real Alpines whose packages apk has changed with what
// apk says of itself, and the findings with Alpine's own secdb as apk orders
// the versions.
func TestAlpine(t *testing.T) {
	need(t, "docker")
	for release, file := range map[string]string{"v3.12": "3.12.12", "v3.18": "3.18.9", "v3.20": "3.20.3"} {
		t.Run(release, func(t *testing.T) {
			t.Parallel()
			testAlpine(t, release, shared(t, "rootfs/alpine-minirootfs-"+file+"-x86_64.tar.gz"))
		})
	}
}

func testAlpine(t *testing.T, release, minirootfs string) {
	context := t.TempDir()
	run(t, "cp", minirootfs, filepath.Join(context, "minirootfs.tar.gz"))
	base := dockerBuild(t, "alpine", "FROM scratch\nADD minirootfs.tar.gz /\n", context)
	image := dockerBuild(t, "alpine", "FROM "+base+"\nRUN apk del --no-network libc-utils\n", context)

	got := scan(t, "docker:"+image)
	before, after := apkList(t, base), apkList(t, image)
	sameList(t, "apk", after, installed(got, "apk"))
	removed := slices.DeleteFunc(before, func(p string) bool { return slices.Contains(after, p) })
	for i, p := range removed {
		removed[i] = strings.TrimSuffix(p, " x86_64")
	}
	sameList(t, "removed by apk del", removed, removedBy(got, 1))
	sameButLayers(t, got, scan(t, export(t, image)))

	// The truth of the findings: each fix in secdb of an installed origin that
	// is newer than what is installed.
	var order strings.Builder
	fixes := secdb(t, release, origins(inContainer(t, image, "cat /lib/apk/db/installed")))
	for _, f := range fixes {
		order.WriteString("apk version --test " + f.installed + " " + f.version + "; ")
	}
	answers, found := strings.Fields(inContainer(t, image, order.String())), foundIDs(got)
	vulnerable := 0
	for i, f := range fixes {
		newer := answers[i] == "<"
		if newer != found[f.id] {
			t.Errorf("%s in %s %s, fixed in %s: vulnerable by apk's order %t, found %t", f.id, f.origin, f.installed, f.version, newer, found[f.id])
		}
		if newer {
			vulnerable++
		}
	}
	t.Logf("%d of %d fixes are newer than what is installed, %d findings", vulnerable, len(fixes), len(got.Findings))
}

// apkList lists what an image's own apk says is installed, as installed does.
func apkList(t testing.TB, image string) []string {
	t.Helper()
	var list []string
	for line := range strings.Lines(inContainer(t, image, "apk list --installed")) {
		fields := strings.Fields(line) // name-1.2-r3 x86_64 {origin} (licence) [installed]
		release := strings.LastIndex(fields[0], "-r")
		version := strings.LastIndex(fields[0][:release], "-")
		list = append(list, fields[0][:version]+" "+fields[0][version+1:]+" "+fields[1])
	}
	slices.Sort(list)
	return list
}

// origins maps source packages to their installed versions, out of apk's
// database.
func origins(database string) map[string]string {
	origins, version := map[string]string{}, ""
	for line := range strings.Lines(database) {
		switch kind, value, _ := strings.Cut(strings.TrimSpace(line), ":"); kind {
		case "V": // comes before its o:
			version = value
		case "o":
			origins[value] = version
		}
	}
	return origins
}

// foundIDs are all names of all findings.
func foundIDs(r *result.Result) map[string]bool {
	found := map[string]bool{}
	for _, f := range r.Findings {
		for _, id := range append(f.Aliases, f.ID) {
			found[id] = true
		}
	}
	return found
}

type fix struct{ id, origin, installed, version string }

// secdb reads Alpine's fixes for some source packages.
func secdb(t testing.TB, release string, origins map[string]string) []fix {
	t.Helper()
	content, err := os.ReadFile(shared(t, "alpine-secdb/"+release+"/main.json"))
	if err != nil {
		t.Fatal(err)
	}
	var db struct {
		Packages []struct {
			Pkg struct {
				Name     string
				Secfixes map[string][]string
			}
		}
	}
	if err := json.Unmarshal(content, &db); err != nil {
		t.Fatal(err)
	}
	var fixes []fix
	for _, p := range db.Packages {
		installed := origins[p.Pkg.Name]
		if installed == "" {
			continue
		}
		for version, ids := range p.Pkg.Secfixes {
			for _, id := range ids {
				if id, _, _ = strings.Cut(id, " "); version != "0" { // "0" is: never affected
					fixes = append(fixes, fix{id, p.Pkg.Name, installed, version})
				}
			}
		}
	}
	if len(fixes) == 0 {
		t.Fatal("secdb has no fixes for any installed package")
	}
	return fixes
}

// TestRPM builds two releases of a package with rpmbuild, installs and then
// upgrades it with rpm, and compares with rpm -qa, and with AlmaLinux's
// advisories as rpm orders the versions.
func TestRPM(t *testing.T) {
	need(t, "docker", "rpm", "rpmbuild=rpm")
	dir := t.TempDir()
	build := func(release string) string {
		top := filepath.Join(dir, "build", release)
		run(t, "rpmbuild", "-bb", "--quiet", "--target", "x86_64", "--define", "_topdir "+top, "--define", "rel "+release,
			"--define", "_build_id_links none", "testdata/openssl.spec")
		return filepath.Join(top, "RPMS/x86_64/openssl-libs-3.0.7-"+release+".x86_64.rpm")
	}
	context := filepath.Join(dir, "context")
	root := filepath.Join(context, "first")
	rpm := func(args ...string) string {
		return run(t, "rpm", append([]string{"--root", root, "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite"}, args...)...)
	}
	write(t, filepath.Join(root, "etc/os-release"), "ID=almalinux\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=9.3\nPRETTY_NAME=\"AlmaLinux 9.3 (Shamrock Pampas Cat)\"\n")
	rpm("--initdb")
	rpm("--install", "--nodeps", "--force-debian", build("6.el9_2"))
	run(t, "cp", "--archive", root, filepath.Join(context, "second"))
	root = filepath.Join(context, "second")
	rpm("--upgrade", "--nodeps", "--force-debian", build("24.el9"))
	image := dockerBuild(t, "alma", "FROM scratch\nCOPY first /\nCOPY second /\n", context)

	got := scan(t, "docker:"+image)
	sameList(t, "rpm", strings.Split(rpm("-qa", "--queryformat", "%{NAME} %{EPOCH}:%{VERSION}-%{RELEASE} %{ARCH}\n"), "\n"), installed(got, "rpm"))
	sameList(t, "upgraded", []string{"openssl-libs 1:3.0.7-24.el9"}, addedBy(got, 1))
	sameList(t, "replaced", []string{"openssl-libs 1:3.0.7-6.el9_2"}, removedBy(got, 1))
	sameButLayers(t, got, scan(t, export(t, image)))

	advisories := foundAdvisories(got)
	for id, fixed := range alma(t, "openssl-libs") {
		older := run(t, "rpm", "--eval", `%{lua:print(rpm.vercmp("1:3.0.7-24.el9", "`+fixed+`"))}`) == "-1"
		if older != advisories[id] {
			t.Errorf("%s, fixed in %s: vulnerable by rpm's order %t, found %t", id, fixed, older, advisories[id])
		}
	}
}

func foundAdvisories(r *result.Result) map[string]bool {
	found := map[string]bool{}
	for _, f := range r.Findings {
		for _, id := range f.Advisories {
			found[id] = true
		}
	}
	return found
}

// alma reads AlmaLinux 9's advisories for a package, with the version that
// fixes each: all of the real data, or two of them where that is not there.
func alma(t testing.TB, name string) map[string]string {
	t.Helper()
	some := map[string]string{"ALSA-2023:3722": "1:3.0.7-16.el9_2", "ALSA-2024:0310": "1:3.0.7-25.el9_3"}
	root := os.Getenv("LAYERGATE_SHARED")
	if root == "" {
		root = "../../../../shared"
	}
	archive, err := zip.OpenReader(filepath.Join(root, "data/osv/AlmaLinux/all.zip"))
	if err != nil {
		t.Logf("only two advisories are compared: %v", err)
		return some
	}
	defer archive.Close()
	all := map[string]string{}
	for _, file := range archive.File {
		f, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		var record struct {
			ID       string
			Affected []struct {
				Package struct{ Ecosystem, Name string }
				Ranges  []struct{ Events []struct{ Fixed string } }
			}
		}
		if err := json.Unmarshal(content, &record); err != nil {
			t.Fatal(err)
		}
		for _, a := range record.Affected {
			if a.Package.Name != name || a.Package.Ecosystem != "AlmaLinux:9" {
				continue
			}
			for _, r := range a.Ranges {
				for _, e := range r.Events {
					if e.Fixed != "" {
						all[record.ID] = e.Fixed
					}
				}
			}
		}
	}
	for id := range some {
		if all[id] == "" {
			t.Errorf("%s is not in %s", id, root)
		}
	}
	return all
}

// TestDistroless builds an image as distroless images are: packages unpacked
// from their .deb files, and each one's control file in dpkg's status.d. One
// .deb is the real one that a layer of the shop's image carries.
func TestDistroless(t *testing.T) {
	need(t, "docker", "skopeo", "dpkg-deb=dpkg")
	dir := t.TempDir()
	run(t, "skopeo", "copy", "--insecure-policy", "oci-archive:"+shop(t), "dir:"+filepath.Join(dir, "shop"))
	blobs, err := filepath.Glob(filepath.Join(dir, "shop", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, blob := range blobs {
		if filepath.Ext(blob) == "" && strings.HasPrefix(run(t, "file", "--brief", blob), "gzip") &&
			strings.Contains(run(t, "tar", "--list", "--gzip", "--file", blob), ".deb") {
			run(t, "tar", "--extract", "--gzip", "--file", blob, "--directory", dir)
		}
	}
	own := filepath.Join(dir, "own")
	write(t, filepath.Join(own, "DEBIAN/control"), "Package: libssl3\nSource: openssl\nVersion: 3.0.8-1\nArchitecture: amd64\nMaintainer: Layergate <test@example.com>\nDescription: an empty stand-in\n")
	run(t, "dpkg-deb", "--build", own, filepath.Join(dir, "tmp/upgrades/own.deb"))

	debs, err := filepath.Glob(filepath.Join(dir, "tmp/upgrades/*.deb"))
	if err != nil {
		t.Fatal(err)
	}
	if len(debs) != 2 {
		t.Fatalf("want the shop's .deb and our own, got %v", debs)
	}
	root := filepath.Join(dir, "root")
	write(t, filepath.Join(root, "usr/lib/os-release"), "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Distroless\"\n")
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../usr/lib/os-release", filepath.Join(root, "etc/os-release")); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, deb := range debs {
		run(t, "dpkg-deb", "--extract", deb, root)
		name := run(t, "dpkg-deb", "--show", "--showformat", "${Package}", deb)
		status := filepath.Join(root, "var/lib/dpkg/status.d", name)
		write(t, status, run(t, "dpkg-deb", "--field", deb)+"\n")
		write(t, status+".md5sums", "d41d8cd98f00b204e9800998ecf8427e  usr/share/doc/"+name+"/copyright\n")
		want = append(want, run(t, "dpkg-deb", "--show", "--showformat", "${Package} ${Version} ${Architecture}", deb))
	}
	slices.Sort(want)
	image := dockerBuild(t, "distroless", "FROM scratch\nCOPY root /\n", dir)
	got := scan(t, "docker:"+image)
	sameList(t, "deb", want, installed(got, "deb"))
	sameButLayers(t, got, scan(t, export(t, image)))
	// DSA-5417: openssl 3.0.9-1 fixed it in bookworm, and it names the source package.
	if !slices.ContainsFunc(got.Findings, func(f finding.Finding) bool {
		return f.ID == "CVE-2023-2650" && f.Package.Name == "libssl3" && slices.Contains(f.FixedIn, "3.0.9-1")
	}) {
		t.Error("CVE-2023-2650 was not found in libssl3 3.0.8-1")
	}
}
