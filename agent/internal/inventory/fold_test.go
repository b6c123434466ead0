package inventory_test

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// The formats of these tests: a distro's database "status" with a line
// "name version" for each package, its file lists "NAME.list", os-release
// with one word, and libraries "*.lib" that say "name version".
var formats = []inventory.Extractor{
	{
		Name: "db", Roots: []string{"var/lib/db/status", "usr/lib/db/status"},
		Want: func(f layer.File) layer.Want { return wantIf(path.Base(f.Path) == "status") },
		Extract: func(_ context.Context, f layer.File, c *io.SectionReader) (*inventory.Contents, error) {
			return lines(c, func(got *inventory.Contents, name, version string) {
				got.Packages = append(got.Packages, inventory.Package{Type: "db", Name: name, Version: version, Path: f.Path, Distro: true})
			})
		},
	},
	{
		Name: "list", Roots: []string{"var/lib/db/info/"},
		Want: func(f layer.File) layer.Want { return wantIf(strings.HasSuffix(f.Path, ".list")) },
		Extract: func(_ context.Context, f layer.File, c *io.SectionReader) (*inventory.Contents, error) {
			all, err := io.ReadAll(c)
			owner := strings.TrimSuffix(path.Base(f.Path), ".list")
			return &inventory.Contents{Owned: []inventory.Owned{{Package: owner, Files: strings.Fields(string(all))}}}, err
		},
	},
	{
		Name: "release", Roots: []string{"etc/os-release", "usr/lib/os-release"},
		Want: func(f layer.File) layer.Want { return wantIf(path.Base(f.Path) == "os-release") },
		Extract: func(_ context.Context, f layer.File, c *io.SectionReader) (*inventory.Contents, error) {
			all, err := io.ReadAll(c)
			return &inventory.Contents{Distro: &image.Distro{ID: string(all), Name: string(all)}}, err
		},
	},
	{
		Name: "lib",
		Want: func(f layer.File) layer.Want { return wantIf(strings.HasSuffix(f.Path, ".lib")) },
		Extract: func(_ context.Context, f layer.File, c *io.SectionReader) (*inventory.Contents, error) {
			return lines(c, func(got *inventory.Contents, name, version string) {
				got.Packages = append(got.Packages, inventory.Package{Type: "lib", Name: name, Version: version, Path: f.Path})
			})
		},
	},
}

func wantIf(ok bool) layer.Want {
	if ok {
		return layer.Take
	}
	return layer.Skip
}

func lines(r io.Reader, each func(got *inventory.Contents, name, version string)) (*inventory.Contents, error) {
	got := &inventory.Contents{}
	for s := bufio.NewScanner(r); s.Scan(); {
		switch s.Text() {
		case "broken":
			return nil, errors.New("line 1 is broken")
		case "panic":
			panic("out of range")
		}
		name, version, _ := strings.Cut(s.Text(), " ")
		each(got, name, version)
	}
	return got, nil
}

type blob []byte

func (b blob) Open(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b)), nil
}

// entries are a layer's, in order: "path: body", "path -> link", "path => hard link", "path/".
func read(t *testing.T, index int, entries []string) inventory.Layer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{Name: e, Typeflag: tar.TypeDir, Mode: 0o755}
		body := ""
		if name, rest, ok := strings.Cut(e, ": "); ok {
			body = strings.ReplaceAll(rest, ",", "\n")
			h = &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(body))}
		} else if name, to, ok := strings.Cut(e, " -> "); ok {
			h = &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
		} else if name, to, ok := strings.Cut(e, " => "); ok {
			h = &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, body)
	}
	w.Close()
	r := inventory.NewReader(formats)
	d, err := layer.Walk(context.Background(), image.Layer{Index: index, Blob: blob(b.Bytes())}, r, layer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return inventory.Layer{Index: index, Reader: r, Diff: d}
}

func TestFold(t *testing.T) {
	tests := []struct {
		name    string
		layers  [][]string
		want    []string // "name version layer/firstLayer path"
		removed []string // "name version layer removedIn"
		gaps    []string
	}{
		{
			name: "each package has the layer of its version, and its first",
			layers: [][]string{
				{"var/lib/db/status: a 1,b 1,c 1"},
				{"var/lib/db/status: a 1,b 2,d 1"},
				{"var/lib/db/status: a 1,b 2,d 1"},
			},
			want:    []string{"a 1 0/0 var/lib/db/status", "b 2 1/0 var/lib/db/status", "d 1 1/1 var/lib/db/status"},
			removed: []string{"b 1 0 1", "c 1 0 1"},
		},
		{
			name:   "whited out and written again",
			layers: [][]string{{"app/x.lib: x 1"}, {"app/.wh.x.lib:  "}, {"app/x.lib: x 1"}},
			want:   []string{"x 1 2/2 app/x.lib"},
		},
		{
			name:    "an opaque folder hides what was, not what its layer brings",
			layers:  [][]string{{"app/x.lib: x 1", "app/y.lib: y 1", "z.lib: z 1"}, {"app/new.lib: n 1", "app/.wh..wh..opq:  "}},
			want:    []string{"n 1 1/1 app/new.lib", "z 1 0/0 z.lib"},
			removed: []string{"x 1 0 1", "y 1 0 1"},
		},
		{
			name:    "a folder replaced by a link, a file replaced by a folder",
			layers:  [][]string{{"app/x.lib: x 1", "y.lib: y 1"}, {"app -> /opt/app", "y.lib/"}},
			removed: []string{"x 1 0 1", "y 1 0 1"},
		},
		{
			name:    "replaced by a file that says nothing",
			layers:  [][]string{{"x.lib: x 1"}, {"x.lib: "}},
			removed: []string{"x 1 0 1"},
		},
		{
			name:    "an upgrade under another path keeps the first layer",
			layers:  [][]string{{"x-1.lib: x 1"}, {".wh.x-1.lib:  ", "x-2.lib: x 2"}},
			want:    []string{"x 2 1/0 x-2.lib"},
			removed: []string{"x 1 0 1"},
		},
		{
			name:   "a database behind a link to its folder",
			layers: [][]string{{"opt/db/status: a 1", "var/lib/db -> ../../opt/db"}},
			want:   []string{"a 1 0/0 var/lib/db/status"},
		},
		{
			name: "a database that moves and leaves a link keeps its layers",
			layers: [][]string{
				{"var/lib/db/status: a 1,b 1"},
				{"var/lib/db -> /opt/db", "opt/db/status: a 1,b 2"},
				{"opt/db/status: a 1,b 2,c 1"},
			},
			want:    []string{"a 1 0/0 var/lib/db/status", "b 2 1/0 var/lib/db/status", "c 1 2/2 var/lib/db/status"},
			removed: []string{"b 1 0 1"},
		},
		{
			name:    "a layer that writes through a lower layer's link",
			layers:  [][]string{{"lib -> usr/lib", "usr/lib/db/status: a 1", "usr/lib/x.lib: x 1"}, {"lib/db/status: a 2", "lib/x.lib: x 2"}},
			want:    []string{"a 2 1/0 usr/lib/db/status", "x 2 1/0 usr/lib/x.lib"},
			removed: []string{"a 1 0 1", "x 1 0 1"},
		},
		{
			name:   "links in a circle lead nowhere",
			layers: [][]string{{"var/lib/db -> ../db2", "var/db2 -> lib/db", "x.lib: x 1"}},
			want:   []string{"x 1 0/0 x.lib"},
		},
		{
			name:   "a database elsewhere is not this image's, nor is its fault",
			layers: [][]string{{"var/lib/db/status: a 1", "chroot/var/lib/db/status: b 1", "tmp/status: broken", "opt/status: panic"}},
			want:   []string{"a 1 0/0 var/lib/db/status"},
		},
		{
			name:   "a hard link is no second package, until its target is gone",
			layers: [][]string{{"x.lib: x 1", "y.lib => x.lib", "z.lib: z 1", "zz.lib => z.lib"}, {".wh.z.lib:  "}},
			want:   []string{"x 1 0/0 x.lib", "z 1 0/0 zz.lib"},
		},
		{
			name:   "a hard link that an upper layer makes does not move the package there",
			layers: [][]string{{"x.lib: x 1"}, {"a.lib: x 1", "x.lib => a.lib"}},
			want:   []string{"x 1 0/0 x.lib"},
		},
		{
			name:   "a database that is a hard link to a file of another name",
			layers: [][]string{{"backup: a 1", "var/lib/db/status => backup"}},
			want:   []string{"a 1 0/0 var/lib/db/status"},
		},
		{
			name: "owned by a distro package, unless written over later",
			layers: [][]string{
				{"var/lib/db/status: a 1", "var/lib/db/info/a.list: usr/x.lib usr/y.lib lib/z.lib", "lib -> usr/lib", "usr/x.lib: x 1", "usr/y.lib: y 1", "usr/lib/z.lib: z 1"},
				{"usr/y.lib: y 2"},
			},
			want:    []string{"a 1 0/0 var/lib/db/status", "x 1 0/0 usr/x.lib owned by a", "y 2 1/0 usr/y.lib", "z 1 0/0 usr/lib/z.lib owned by a"},
			removed: []string{"y 1 0 1"},
		},
		{
			name:   "what cannot be read is a gap while it is there",
			layers: [][]string{{"x.lib: broken", "y.lib: panic", "z.lib: broken"}, {".wh.z.lib:  ", "var/lib/db/status: broken"}},
			gaps:   []string{"1 var/lib/db/status", "0 x.lib", "0 y.lib"},
		},
		{
			name: "what cannot be read is no gap in a distro package's file, unless written over later",
			layers: [][]string{
				{"var/lib/db/status: a 1", "var/lib/db/info/a.list: usr/x.lib usr/y.lib", "usr/x.lib: broken", "usr/y.lib: broken"},
				{"usr/y.lib: broken"},
			},
			want: []string{"a 1 0/0 var/lib/db/status"},
			gaps: []string{"1 usr/y.lib"},
		},
		{
			name:   "a distro without packages is a doubt",
			layers: [][]string{{"etc/os-release: arch", "x.lib: x 1"}},
			want:   []string{"x 1 0/0 x.lib"},
			gaps:   []string{"-1 arch"},
		},
		{
			name:    "a deleted package database is a doubt about its layer",
			layers:  [][]string{{"usr/lib/os-release: d", "etc/os-release -> ../usr/lib/os-release", "var/lib/db/status: a 1"}, {"var/lib/.wh.db:  "}},
			removed: []string{"a 1 0 1"},
			gaps:    []string{"1 var/lib/db/status"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var layers []inventory.Layer
			for i, entries := range tt.layers {
				layers = append(layers, read(t, i, entries))
			}
			inv, gaps := inventory.Fold(layers, func(p *inventory.Package, _ *image.Distro) {})
			var got, removed, doubts []string
			for _, p := range inv.Packages {
				s := fmt.Sprintf("%s %s %d/%d %s", p.Name, p.Version, p.Layer, p.FirstLayer, p.Path)
				if p.OwnedBy != "" {
					s += " owned by " + p.OwnedBy
				}
				got = append(got, s)
			}
			for _, p := range inv.Removed {
				removed = append(removed, fmt.Sprintf("%s %s %d %d", p.Name, p.Version, p.Layer, p.RemovedIn))
			}
			for _, g := range gaps {
				doubts = append(doubts, fmt.Sprintf("%d %s", g.Layer, g.Subject))
			}
			slices.Sort(got)
			slices.Sort(removed)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("packages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.removed, removed); diff != "" {
				t.Errorf("removed (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.gaps, doubts); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFoldTellsTheDistro(t *testing.T) {
	inv, _ := inventory.Fold([]inventory.Layer{
		read(t, 0, []string{"etc/os-release: old", "usr/lib/os-release: other"}),
		read(t, 1, []string{"etc/os-release: new"}),
	}, func(*inventory.Package, *image.Distro) {})
	if inv.Distro == nil || inv.Distro.ID != "new" {
		t.Errorf("distro %v, want new", inv.Distro)
	}
}
