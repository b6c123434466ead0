// Command feeds makes an image's root file system in which every package is
// installed that the advisories know, each in a version that they name: where
// two scanners that read versions differently are sure to differ.
//
//	feeds OSV-FOLDER debian|alpine OUT.tar
//
// OSV-FOLDER has the zips of osv.dev's layout. The Debian one also has the
// packages of npm, PyPI and Maven. Which version a package gets is random, but
// the same each time.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: feeds OSV-FOLDER debian|alpine OUT.tar")
		os.Exit(1)
	}
	if err := write(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "feeds:", err)
		os.Exit(1)
	}
}

func write(folder, distro, out string) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	switch distro {
	case "debian":
		err = errors.Join(debian(w, folder), npm(w, folder), pypi(w, folder), maven(w, folder))
	case "alpine":
		err = alpine(w, folder)
	default:
		err = fmt.Errorf("no root file system of %q", distro)
	}
	return errors.Join(err, w.Close(), f.Close())
}

// installed is a package's name and the version that it is installed in.
type installed struct{ name, version string }

// pick gives each package of an ecosystem one of the versions that its
// advisories name and that fit shape.
func pick(folder, archive, ecosystem string, shape *regexp.Regexp) ([]installed, error) {
	z, err := zip.OpenReader(filepath.Join(folder, archive, "all.zip"))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	versions := make(map[string][]string)
	for _, f := range z.File {
		if err := collect(f, ecosystem, versions); err != nil {
			return nil, fmt.Errorf("reading %s of %s: %w", f.Name, archive, err)
		}
	}
	random := rand.New(rand.NewPCG(5, 6))
	var all []installed
	for _, name := range slices.Sorted(maps.Keys(versions)) {
		fit := slices.DeleteFunc(versions[name], func(v string) bool { return v == "0" || !shape.MatchString(v) })
		if len(fit) > 0 {
			all = append(all, installed{name, fit[random.IntN(len(fit))]})
		}
	}
	return all, nil
}

func collect(f *zip.File, ecosystem string, versions map[string][]string) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	var doc struct {
		Affected []struct {
			Package struct{ Name, Ecosystem string }
			Ranges  []struct {
				Type   string
				Events []map[string]string
			}
			Versions []string
		}
	}
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return err
	}
	for _, a := range doc.Affected {
		if a.Package.Ecosystem != ecosystem {
			continue
		}
		all := append(versions[a.Package.Name], a.Versions...)
		for _, r := range a.Ranges {
			for _, event := range r.Events {
				if r.Type != "GIT" {
					all = slices.AppendSeq(all, maps.Values(event))
				}
			}
		}
		versions[a.Package.Name] = all
	}
	return nil
}

func add(w *tar.Writer, name string, content []byte) error {
	err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg})
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

var (
	semantic = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	numbers  = regexp.MustCompile(`^\d+(\.\d+)*([abc]|rc|\.post|\.dev)?\d*$`)
	words    = regexp.MustCompile(`^\d[0-9A-Za-z.-]*$`)
	debs     = regexp.MustCompile(`^(\d+:)?\d[0-9A-Za-z.+~-]*$`)
	apks     = regexp.MustCompile(`^\d+(\.\d+)*[a-z]?(_[a-z]+\d*)*-r\d+$`)
)

func debian(w *tar.Writer, folder string) error {
	packages, err := pick(folder, "Debian", "Debian:12", debs)
	if err != nil {
		return err
	}
	var status bytes.Buffer
	for _, p := range packages {
		fmt.Fprintf(&status, "Package: %s\nStatus: install ok installed\nMaintainer: none\nArchitecture: amd64\nVersion: %s\nDescription: none\n\n", p.name, p.version)
	}
	return errors.Join(
		add(w, "etc/os-release", []byte("ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n")),
		add(w, "var/lib/dpkg/status", status.Bytes()))
}

func alpine(w *tar.Writer, folder string) error {
	packages, err := pick(folder, "Alpine", "Alpine:v3.20", apks)
	if err != nil {
		return err
	}
	var db bytes.Buffer
	for _, p := range packages {
		fmt.Fprintf(&db, "C:Q1x\nP:%s\nV:%s\nA:x86_64\nS:1\nI:1\nT:none\no:%s\n\n", p.name, p.version, p.name)
	}
	return errors.Join(
		add(w, "etc/os-release", []byte("ID=alpine\nVERSION_ID=3.20.3\n")),
		add(w, "lib/apk/db/installed", db.Bytes()))
}

// npm writes each package's own file, which Layergate reads, and npm's hidden
// lockfile, which osv-scanner does.
func npm(w *tar.Writer, folder string) error {
	packages, err := pick(folder, "npm", "npm", semantic)
	if err != nil {
		return err
	}
	type entry struct {
		Version string `json:"version"`
	}
	lock := make(map[string]entry)
	for _, p := range packages {
		path := "node_modules/" + p.name
		lock[path] = entry{p.version}
		text, err := json.Marshal(map[string]string{"name": p.name, "version": p.version})
		if err := errors.Join(err, add(w, "srv/"+path+"/package.json", text)); err != nil {
			return err
		}
	}
	text, err := json.Marshal(map[string]any{"name": "srv", "lockfileVersion": 3, "packages": lock})
	return errors.Join(err, add(w, "srv/node_modules/.package-lock.json", text))
}

func pypi(w *tar.Writer, folder string) error {
	packages, err := pick(folder, "PyPI", "PyPI", numbers)
	if err != nil {
		return err
	}
	for _, p := range packages {
		path := fmt.Sprintf("usr/local/lib/python3.12/site-packages/%s-%s.dist-info/METADATA", strings.ReplaceAll(p.name, "-", "_"), p.version)
		if err := add(w, path, fmt.Appendf(nil, "Metadata-Version: 2.1\nName: %s\nVersion: %s\n", p.name, p.version)); err != nil {
			return err
		}
	}
	return nil
}

func maven(w *tar.Writer, folder string) error {
	packages, err := pick(folder, "Maven", "Maven", words)
	if err != nil {
		return err
	}
	for _, p := range packages {
		group, artifact, _ := strings.Cut(p.name, ":")
		var jar bytes.Buffer
		z := zip.NewWriter(&jar)
		properties, err := z.Create(fmt.Sprintf("META-INF/maven/%s/%s/pom.properties", group, artifact))
		if err == nil {
			_, err = io.WriteString(properties, fmt.Sprintf("groupId=%s\nartifactId=%s\nversion=%s\n", group, artifact, p.version))
		}
		path := fmt.Sprintf("opt/lib/%s/%s-%s.jar", group, artifact, p.version)
		if err := errors.Join(err, z.Close(), add(w, path, jar.Bytes())); err != nil {
			return err
		}
	}
	return nil
}
