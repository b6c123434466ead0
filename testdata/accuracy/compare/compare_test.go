package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ours = `{
 "packages": [
  {"type": "deb", "name": "libc6", "version": "2.36-9"},
  {"type": "pypi", "name": "typing_extensions", "version": "4.0"},
  {"type": "pypi", "name": "pip", "version": "23.0.1", "ownedBy": "python3-pip"},
  {"type": "golang", "name": "golang.org/x/text", "version": "v0.3.5"},
  {"type": "golang", "name": "example.com/shop", "version": ""}],
 "findings": [
  {"kind": "secret", "advisories": ["X-0"], "package": {"name": "libc6", "version": "2.36-9"}},
  {"kind": "vulnerability", "advisories": ["DEBIAN-CVE-1", "DSA-1"], "package": {"type": "deb", "name": "libc6", "version": "2.36-9"}},
  {"kind": "vulnerability", "advisories": ["GO-1"], "package": {"type": "golang", "name": "golang.org/x/text", "version": "v0.3.5"}},
  {"kind": "vulnerability", "advisories": ["PYSEC-1"], "package": {"type": "pypi", "name": "typing_extensions", "version": "4.0"}}]}`

const theirs = `{"results": [{"packages": [
  {"package": {"name": "glibc", "os_package_name": "libc6", "version": "2.36-9", "ecosystem": "Debian:12"},
   "vulnerabilities": [{"id": "DEBIAN-CVE-1"}, {"id": "x_OTHER-2"}]},
  {"package": {"name": "golang.org/x/text", "version": "0.3.5", "ecosystem": "Go"}, "vulnerabilities": [{"id": "GO-1"}]},
  {"package": {"name": "Typing.Extensions", "version": "4.0", "ecosystem": "PyPI"}, "vulnerabilities": [{"id": "PYSEC-1"}]},
  {"package": {"name": "pip", "version": "23.0.1", "ecosystem": "PyPI"}, "vulnerabilities": [{"id": "PYSEC-2"}]},
  {"package": {"name": "@a/b", "version": "1.0.0", "ecosystem": "npm"}, "vulnerabilities": [{"id": "GHSA-1"}]}]}]}`

func TestReport(t *testing.T) {
	a, err := readLayergate(strings.NewReader(ours))
	if err != nil {
		t.Fatal(err)
	}
	b, err := readOSVScanner(strings.NewReader(theirs))
	if err != nil {
		t.Fatal(err)
	}
	known, err := readReasons(strings.NewReader("# a comment\n\nosv-scanner\t@a/*\t*\tGHSA-?\ta lockfile\nlayergate\tlibc6\t2.3*\tGO-*\tanother\n"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	unexplained, err := report(&out, "x", compare(a, b), known)
	if err != nil {
		t.Fatal(err)
	}
	const want = `== x: layergate 4, osv-scanner 6, both 3, different 4

2: NO REASON KNOWN
  only layergate	libc6 2.36-9	DSA-1
  only osv-scanner	libc6 2.36-9	OTHER-2

1: a lockfile
  only osv-scanner	@a/b 1.0.0	GHSA-1

1: layergate knows the package as a file of the distro's python3-pip, and matches that
  only osv-scanner	pip 23.0.1	PYSEC-2
`
	if diff := cmp.Diff(want, out.String()); diff != "" || unexplained != 2 {
		t.Errorf("%d without a reason, want 2; want (-), got (+):\n%s", unexplained, diff)
	}
}

func TestReadReasons(t *testing.T) {
	for _, bad := range []string{"layergate\tx\t1\tCVE-1\n", "layergate\t[\t*\t*\twhy\n"} {
		if _, err := readReasons(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}
