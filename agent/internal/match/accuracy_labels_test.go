package match

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/inventory"
)

// label is a pair of package and vulnerability that somebody judged on a real
// image.
type label struct {
	Image   string
	Tag     string
	Type    string
	Package string
	Version string
	Vuln    string
	CVE     string `json:"effective_cve"`
	Label   string // TP, FP or ??
}

// imageEcosystems are what the labelled images hold, by a part of their name
// and tag: their release is not in the labels. The rpm images' jars and
// modules are left out: rpms own them, so that a scan does not match them.
//
// For release 8 of RHEL, CentOS, Rocky and Oracle there is no data at hand, but
// for AlmaLinux's, which is built from the same sources: it stands in for them.
const kin = "AlmaLinux:8"

var imageEcosystems = []struct {
	image      string
	ecosystems []string
}{
	{"/debian@ 7", []string{"Debian:7"}},
	{"node@ 4.2.1-slim", []string{"Debian:8", "npm"}},
	{"cloudbees-core-oc@", []string{"Maven", "Debian:10"}},
	{"jenkins/jenkins@", []string{"Maven", "Debian:11"}},
	{"bitnami/spark@", []string{"Maven", "Go", "Debian:11"}},
	{"ghost@", []string{"Debian:11", "npm"}},
	{"kibana@", []string{"npm"}},
	{"cloudbees-core-mm@", []string{"Maven"}},
	{"cloudbees-core-agent@", []string{"Maven", "Go"}},
	{"/alpine@ 3.2", []string{"Alpine:v3.2"}},
	{"postgres@", []string{"Alpine:v3.13"}},
	{"grafana@", []string{"Alpine:v3.15", "Go"}},
	{"cbl-mariner", []string{"Azure Linux:2"}},
	{"vulhub/", []string{"Maven"}},
	{"test_images@ vulnerabilities-alpine-3.6", []string{"Alpine:v3.6"}},
	{"test_images@ vulnerabilities-alpine-3.14", []string{"Alpine:v3.14"}},
	{"test_images@ gems-", []string{"Alpine:v3.14", "RubyGems"}},
	{"test_images@ npm-", []string{"Alpine:v3.12", "npm"}},
	{"test_images@ golang-", []string{"Alpine:v3.14", "Go"}},
	{"test_images@ grype-quality-java", []string{"Maven"}},
	{"test_images@ grype-quality-ruby", []string{"RubyGems"}},
	{"test_images@ grype-quality-dotnet", []string{"Alpine:v3.18", "NuGet"}},
	{"/ubuntu@ 22.10", []string{"Ubuntu:22.10"}},
	{"rockylinux@ 8", []string{kin}},
	{"test_images@ appstreams-", []string{kin}},
	{"test_images@ vulnerabilities-no-distro", []string{"Maven", "npm", "RubyGems", "PyPI"}},
}

// labelled is the package of a label, as an inventory would have it, if the
// advisories know the vulnerability in it. archives remembers what was read.
func labelled(t *testing.T, l label, archives map[string]map[string]map[string][]string) (inventory.Package, bool) {
	for _, e := range imageEcosystems {
		image, _, _ := strings.Cut(l.Image, "@")
		if !strings.Contains(image+"@ "+l.Tag, e.image) {
			continue
		}
		for _, ecosystem := range e.ecosystems {
			distro := strings.Contains(ecosystem, ":")
			if !fitsType(l, ecosystem) {
				continue
			}
			archive, _, _ := strings.Cut(ecosystem, ":")
			if archives[archive] == nil {
				archives[archive] = readSubjects(t, archive)
			}
			names := archives[archive][ecosystem][l.Vuln]
			if l.CVE != "" {
				names = slices.Concat(names, archives[archive][ecosystem][l.CVE])
			}
			names = slices.Compact(slices.Sorted(slices.Values(names)))
			name, ok := advised(l.Package, names, distro)
			if !ok {
				continue
			}
			p := inventory.Package{Type: l.Type, Name: name, Version: l.Version, Ecosystem: ecosystem, Distro: distro}
			if distro { // what the package database says of the source: without a rebuild's number
				p.Name, p.SourceName, p.SourceVer = l.Package, name, rebuild.ReplaceAllString(l.Version, "")
				if archive == "AlmaLinux" || archive == "Azure Linux" {
					p.Type = "rpm" // some labels have none
				}
			}
			return p, true
		}
		return inventory.Package{}, false
	}
	return inventory.Package{}, false
}

var rebuild = regexp.MustCompile(`\+b[0-9]+$`)

// fitsType says whether a label can be of an ecosystem: by its type, or, where
// it has none, by the form of its version.
func fitsType(l label, ecosystem string) bool {
	base, _, distro := strings.Cut(ecosystem, ":")
	switch l.Type {
	case "":
		return !distro || strings.Contains(l.Version, "-")
	case "deb":
		return base == "Debian" || base == "Ubuntu"
	case "apk":
		return base == "Alpine"
	case "rpm":
		return base == "Azure Linux" || ecosystem == kin
	case "go":
		return base == "Go"
	case "maven":
		return base == "Maven"
	}
	return false
}

// advised finds what the advisories call a labelled package. A label has the
// binary's name where a distro's advisory has its source's, and a jar's
// artifact alone: it counts where only one name can be meant.
func advised(name string, names []string, distro bool) (string, bool) {
	if slices.Contains(names, name) {
		return name, true
	}
	if distro && len(names) == 1 {
		return names[0], true
	}
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		_, artifact, ok := strings.Cut(n, ":")
		return !ok || artifact != name
	})
	if len(names) == 1 {
		return names[0], true
	}
	return "", false
}

// readSubjects reads which packages an archive's advisories name, by ecosystem
// with release and by the vulnerability's ids.
func readSubjects(t *testing.T, archive string) map[string]map[string][]string {
	t.Helper()
	subjects := make(map[string]map[string][]string)
	eachDocument(t, archive, func(doc osvDocument) {
		for _, a := range doc.Affected {
			byID := subjects[a.Package.Ecosystem]
			if byID == nil {
				byID = make(map[string][]string)
				subjects[a.Package.Ecosystem] = byID
			}
			for _, id := range slices.Concat([]string{doc.ID}, doc.Aliases, doc.Upstream, doc.Related) {
				byID[id] = append(byID[id], a.Package.Name)
			}
		}
	})
	return subjects
}

// readLabels reads what people judged, without what they doubted or judged
// both ways.
func readLabels(t *testing.T) []label {
	t.Helper()
	f, err := os.Open(filepath.Join(shared(t), "labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type pair struct{ image, name, version, vuln string }
	seen := make(map[pair]label)
	contradicted := make(map[pair]bool)
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var l label
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Package == "" || l.Label != "TP" && l.Label != "FP" {
			continue
		}
		key := pair{l.Image, l.Package, l.Version, l.Vuln}
		if other, ok := seen[key]; ok && other.Label != l.Label {
			contradicted[key] = true
		}
		seen[key] = l
	}
	var labels []label
	for key, l := range seen {
		if !contradicted[key] {
			labels = append(labels, l)
		}
	}
	slices.SortFunc(labels, func(a, b label) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return labels
}

// moduleBuild is what the packages of one build of a module have in common in
// their releases: "8.6.0+15956+aa803fc1".
var moduleBuild = regexp.MustCompile(`\.module[_+]el(8[^+]*\+[0-9]+\+[0-9a-f]+)`)

// moduleAnchors are packages whose version begins with the name of the module's
// stream.
var moduleAnchors = map[string]*regexp.Regexp{
	"httpd":      regexp.MustCompile(`^\d+\.\d+`),
	"mariadb":    regexp.MustCompile(`^\d+\.\d+`),
	"maven":      regexp.MustCompile(`^\d+\.\d+`),
	"nginx":      regexp.MustCompile(`^\d+\.\d+`),
	"nodejs":     regexp.MustCompile(`^\d+`),
	"php":        regexp.MustCompile(`^\d+\.\d+`),
	"postgresql": regexp.MustCompile(`^\d+`),
	"ruby":       regexp.MustCompile(`^\d+\.\d+`),
}

// labelModules gives an image's packages the modularity labels that its package
// database has and the people's labels lack. It also makes their builds the
// newest of their version and release: how the release ends says which distro
// built the same sources when, and AlmaLinux's fixes end in its own way.
func labelModules(packages []inventory.Package) {
	modules := make(map[string]string)
	for _, p := range packages {
		if build, anchor := moduleBuild.FindStringSubmatch(p.Version), moduleAnchors[p.Name]; build != nil && anchor != nil {
			_, version, epoch := strings.Cut(p.Version, ":")
			if !epoch {
				version = p.Version
			}
			modules[build[1]] = p.Name + ":" + anchor.FindString(version)
		}
	}
	for i := range packages {
		if build := moduleBuild.FindStringSubmatch(packages[i].Version); build != nil {
			packages[i].Module = modules[build[1]]
			packages[i].Version = strings.Replace(packages[i].Version, build[1], "8.99.0+99999+0", 1)
		}
	}
}
