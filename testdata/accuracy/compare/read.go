package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// scan is what one scanner says of one image.
type scan struct {
	packages map[installed]string // the value is the distro package that owns it, if any
	found    map[pair]bool
}

// installed is a package as both scanners name it, whatever its places in the
// image: two copies of one npm package are one.
type installed struct{ name, version string }

type pair struct {
	installed
	advisory string
}

// readLayergate reads a result (docs/result.schema.json).
func readLayergate(r io.Reader) (scan, error) {
	var result struct {
		Packages []struct{ Type, Name, Version, OwnedBy string }
		Findings []struct {
			Kind       string
			Advisories []string
			Package    struct{ Type, Name, Version string }
		}
	}
	s := scan{packages: make(map[installed]string), found: make(map[pair]bool)}
	if err := json.NewDecoder(r).Decode(&result); err != nil {
		return s, err
	}
	for _, p := range result.Packages {
		key := plain(p.Type, p.Name, p.Version)
		if owner, ok := s.packages[key]; !ok || owner != "" { // one that nobody owns counts
			s.packages[key] = p.OwnedBy
		}
	}
	for _, f := range result.Findings {
		if f.Kind != "vulnerability" {
			continue
		}
		for _, id := range f.Advisories {
			s.found[pair{plain(f.Package.Type, f.Package.Name, f.Package.Version), id}] = true
		}
	}
	return s, nil
}

// purlTypes are the purl's types of osv-scanner's ecosystems, for names that
// are compared loosely.
var purlTypes = map[string]string{"PyPI": "pypi", "Go": "golang"}

// readOSVScanner reads `osv-scanner --format json --all-packages`.
func readOSVScanner(r io.Reader) (scan, error) {
	var output struct {
		Results []struct {
			Packages []struct {
				Package struct {
					Name      string
					OS        string `json:"os_package_name"` // the binary package; Name is the source then
					Version   string
					Ecosystem string
				}
				Vulnerabilities []struct{ ID string }
			}
		}
	}
	s := scan{packages: make(map[installed]string), found: make(map[pair]bool)}
	if err := json.NewDecoder(r).Decode(&output); err != nil {
		return s, err
	}
	for _, result := range output.Results {
		for _, p := range result.Packages {
			name := p.Package.Name
			if p.Package.OS != "" {
				name = p.Package.OS
			}
			key := plain(purlTypes[p.Package.Ecosystem], name, p.Package.Version)
			s.packages[key] = ""
			for _, v := range p.Vulnerabilities {
				// The shared data's private prefix, which Layergate does not show.
				s.found[pair{key, strings.TrimPrefix(v.ID, "x_")}] = true
			}
		}
	}
	return s, nil
}

var separators = regexp.MustCompile(`[-_.]+`)

// plain takes out what the two write differently: Python's spellings of one
// name, Go's "v" and "(devel)".
func plain(purlType, name, version string) installed {
	switch purlType {
	case "pypi":
		name = separators.ReplaceAllString(strings.ToLower(name), "-")
	case "golang":
		version = strings.TrimPrefix(strings.TrimPrefix(version, "v"), "(devel)")
	}
	return installed{name, version}
}

// reason is one line of reasons.tsv: who names the pair, patterns of
// path.Match for the package, its version and the advisory, and why.
type reason struct{ side, name, version, advisory, why string }

func readReasons(r io.Reader) ([]reason, error) {
	var all []reason
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if strings.HasPrefix(lines.Text(), "#") || lines.Text() == "" {
			continue
		}
		f := strings.Split(lines.Text(), "\t")
		if len(f) != 5 {
			return nil, fmt.Errorf("line %d has %d fields; want side, package, version, advisory, reason, with tabs between", n, len(f))
		}
		for _, pattern := range f[1:4] {
			if _, err := path.Match(pattern, ""); err != nil {
				return nil, fmt.Errorf("line %d: pattern %q: %w", n, pattern, err)
			}
		}
		all = append(all, reason{f[0], f[1], f[2], f[3], f[4]})
	}
	return all, lines.Err()
}

// because is why d differs, and whether that is known.
func because(d difference, known []reason) (why string, ok bool) {
	for _, r := range known {
		if r.side == d.side && like(r.name, d.name) && like(r.version, d.version) && like(r.advisory, d.advisory) {
			return r.why, true
		}
	}
	switch {
	case d.owner != "":
		return "layergate knows the package as a file of the distro's " + d.owner + ", and matches that", true
	case d.listed:
		return "NO REASON KNOWN", false
	case d.side == "layergate":
		return "NO REASON KNOWN: osv-scanner does not list " + d.name, false
	}
	return "NO REASON KNOWN: layergate does not list " + d.name, false
}

// like matches as path.Match does, with "/" a letter like any other.
func like(pattern, text string) bool {
	flat := strings.NewReplacer("/", "\x00")
	ok, _ := path.Match(flat.Replace(pattern), flat.Replace(text)) // readReasons checked the pattern
	return ok
}
