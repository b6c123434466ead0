package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/result"
)

// TestWhatLayersDo builds layers on the shop's image that change what is below
// them in every way that docker has. The final view must be that of docker's
// own file system, and the last instruction must be the one that did it.
func TestWhatLayersDo(t *testing.T) {
	need(t, "docker", "skopeo")
	base := dockerLoad(t, "oci-archive:"+shop(t), "shop")
	for _, test := range []struct {
		name       string
		dockerfile string
		added      []string // packages whose installed version came with the last instruction
		removed    []string // packages that the last instruction removed or replaced
		linked     bool     // without layers nobody knows which name of a file came first
		broken     bool     // there is a gap, as there should be
	}{
		{
			name:       "a file deleted",
			dockerfile: "RUN rm node_modules/lodash/package.json",
			removed:    []string{"lodash 4.17.20"},
		}, {
			name:       "a folder deleted",
			dockerfile: "RUN rm -r node_modules",
			removed:    []string{"lodash 4.17.20", "minimist 1.2.5"},
		}, {
			name: "a folder deleted and made anew is opaque",
			dockerfile: `RUN rm -r node_modules && mkdir -p node_modules/qs \
				&& echo '{"name": "qs", "version": "6.11.0"}' > node_modules/qs/package.json`,
			added:   []string{"qs 6.11.0"},
			removed: []string{"lodash 4.17.20", "minimist 1.2.5"},
		}, {
			name:       "a folder replaced by a file",
			dockerfile: "RUN rm -r node_modules && echo none > node_modules",
			removed:    []string{"lodash 4.17.20", "minimist 1.2.5"},
		}, {
			name: "a file replaced by a link to nowhere",
			dockerfile: `RUN rm node_modules/lodash/package.json \
				&& busybox ln -s /nowhere node_modules/lodash/package.json`,
			removed: []string{"lodash 4.17.20"},
		}, {
			name:       "a file changed in place",
			dockerfile: `RUN sed -i 's/"version": "1.2.5"/"version": "1.2.8"/' node_modules/minimist/package.json`,
			added:      []string{"minimist 1.2.8"},
			removed:    []string{"minimist 1.2.5"},
		}, {
			name:       "a file touched, with the same content",
			dockerfile: "RUN busybox touch node_modules/minimist/package.json /var/lib/dpkg/status",
		}, {
			name: "a hard link within a layer",
			dockerfile: `RUN mkdir -p /opt/a/node_modules/ms /opt/b/node_modules/ms \
				&& echo '{"name": "ms", "version": "0.7.0"}' > /opt/a/node_modules/ms/package.json \
				&& busybox ln /opt/a/node_modules/ms/package.json /opt/b/node_modules/ms/package.json`,
			added: []string{"ms 0.7.0"},
		}, {
			name: "a hard link to a lower layer's file",
			dockerfile: `RUN mkdir -p /opt/b/node_modules/lodash \
				&& busybox ln node_modules/lodash/package.json /opt/b/node_modules/lodash/package.json`,
			linked: true,
		}, {
			name:       "a package purged",
			dockerfile: "RUN dpkg --purge --force-remove-essential --force-depends tar",
			removed:    []string{"tar 1.34+dfsg-1.2+deb12u1"},
		}, {
			name: "dpkg's folder moved behind an absolute link",
			dockerfile: `RUN busybox mv /var/lib/dpkg /usr/lib/dpkg-db && busybox ln -s /usr/lib/dpkg-db /var/lib/dpkg
				RUN dpkg --purge --force-remove-essential --force-depends mawk`,
			removed: []string{"mawk 1.3.4.20200120-3.1"},
		}, {
			name: "dpkg's folder moved behind relative links of its parents",
			dockerfile: `RUN busybox mv /var/lib /usr/state && busybox ln -s ../usr/state /var/lib
				RUN dpkg --purge --force-remove-essential --force-depends mawk`,
			removed: []string{"mawk 1.3.4.20200120-3.1"},
		}, {
			name:       "dpkg's database gone",
			dockerfile: "RUN rm -r /var/lib/dpkg",
			broken:     true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			built := dockerBuild(t, "layers", "FROM "+base+"\nUSER root\nWORKDIR /srv/shop\n"+test.dockerfile+"\n", t.TempDir())
			root := export(t, built)
			archive := filepath.Join(t.TempDir(), "image.tar")
			run(t, "docker", "save", "--output", archive, built)

			got, flat := scanAny(t, archive), scanAny(t, root)
			if (len(got.Incomplete) > 0) != test.broken || (len(flat.Incomplete) > 0) != test.broken {
				t.Errorf("gaps %v in layers, %v in the file system; want some: %t", got.Incomplete, flat.Incomplete, test.broken)
			}
			if !test.broken {
				sameList(t, "deb", dpkg(t, built), installed(got, "deb"))
				last := len(got.Layers) - 1
				compareLists(t, "added by the last layer", test.added, addedBy(got, last))
				compareLists(t, "removed by the last layer", test.removed, removedBy(got, last))
			}
			compareLists(t, "npm", npm(t, root), installed(got, "npm"))
			if !test.linked {
				sameButLayers(t, got, flat)
			}
		})
	}
}

// TestShopsLayers checks the committed image against its Dockerfile: which
// instruction brought what in, changed it and removed it.
func TestShopsLayers(t *testing.T) {
	r := scan(t, shop(t))
	layer := func(instruction, end string) int {
		t.Helper()
		i := slices.IndexFunc(r.Layers, func(l result.Layer) bool {
			return strings.HasPrefix(l.Instruction, instruction) && strings.HasSuffix(l.Instruction, end)
		})
		if i < 0 {
			t.Fatalf("no layer's instruction is %s … %s", instruction, end)
		}
		return i
	}
	if len(r.Layers) != 16 {
		t.Errorf("%d layers, but the Dockerfile has 16 instructions beside FROM", len(r.Layers))
	}
	for i, l := range r.Layers {
		if inBase := i < 2; inBase != (l.Origin == image.OriginBase) {
			t.Errorf("%s: origin %q, but only ADD and the first CMD are the base's", l.Instruction, l.Origin)
		}
	}
	for i, empty := range map[int]bool{layer("LABEL", ""): true, layer("ENV", ""): true, layer("USER", ""): true,
		layer("EXPOSE", ""): true, layer("CMD", "server\"]"): true, layer("WORKDIR", ""): false, layer("RUN rm", ""): false} {
		if r.Layers[i].Empty != empty {
			t.Errorf("%s: empty is %t", r.Layers[i].Instruction, r.Layers[i].Empty)
		}
	}
	upgrade, modules := layer("RUN dpkg --install", ""), layer("COPY", "in node_modules")
	compareLists(t, "upgraded", []string{"liblzma5 5.4.1-1+deb12u2"}, addedBy(r, upgrade))
	compareLists(t, "replaced", []string{"liblzma5 5.4.1-1+deb12u1"}, removedBy(r, upgrade))
	compareLists(t, "purged", []string{"netbase 6.4"}, removedBy(r, layer("RUN dpkg --purge", "netbase")))
	compareLists(t, "npm install", []string{"lodash 4.17.20", "minimist 1.2.5"}, addedBy(r, modules))
	compareLists(t, "rm", []string{"qs 6.9.4"}, removedBy(r, layer("RUN rm", "qs")))
	i := slices.IndexFunc(r.Findings, func(f finding.Finding) bool { return f.ID == "CVE-2021-44228" })
	if i < 0 {
		t.Fatal("Log4Shell was not found")
	}
	log4shell := r.Findings[i]
	if log4shell.Layer != layer("COPY", "in lib") || !log4shell.KnownExploited || log4shell.Verdict.Action != finding.Block {
		t.Errorf("Log4Shell: %+v", log4shell)
	}
}

func addedBy(r *result.Result, layer int) []string {
	var list []string
	for _, p := range r.Packages {
		if p.Layer == layer {
			list = append(list, p.Name+" "+p.Version)
		}
	}
	slices.Sort(list)
	return list
}

func removedBy(r *result.Result, layer int) []string {
	var list []string
	for _, p := range r.Removed {
		if p.RemovedIn == layer {
			list = append(list, p.Name+" "+p.Version)
		}
	}
	slices.Sort(list)
	return list
}

// npm lists the packages of every package.json below a node_modules folder, as
// a plain walk over the file system finds them; hard links of one file once.
func npm(t testing.TB, root string) []string {
	t.Helper()
	var list []string
	var files []fs.FileInfo
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inPackage := filepath.Base(filepath.Dir(filepath.Dir(path))) == "node_modules"
		if !entry.Type().IsRegular() || entry.Name() != "package.json" || !inPackage {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(files, func(f fs.FileInfo) bool { return os.SameFile(f, info) }) {
			return nil
		}
		files = append(files, info)
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var p struct{ Name, Version string }
		if err := json.Unmarshal(content, &p); err != nil {
			return err
		}
		list = append(list, p.Name+" "+p.Version)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}
