package inventory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/layer"
)

// Layer is what one layer of an image holds, read on its own.
type Layer struct {
	Index  int // into Image.Layers
	Reader *Reader
	Diff   *layer.Diff
}

// Fold lays the layers on top of each other, lowest first, and tells what is
// installed in the image at the end, and since which layer. identify fills a
// distro package's Ecosystem and PURL, which depend on the distro.
func Fold(layers []Layer, identify func(*Package, *image.Distro)) (*Inventory, []finding.Gap) {
	f := &fold{view: newView(), known: map[string]*known{}}
	for _, l := range layers {
		f.add(l)
	}
	inv := &Inventory{Distro: f.distro()}
	inv.Packages = f.packages()
	gaps := f.gaps(inv.Packages)
	inv.Removed = notIn(f.removed, inv.Packages)
	for i := range inv.Packages {
		if inv.Packages[i].Distro {
			identify(&inv.Packages[i], inv.Distro)
		}
	}
	for i := range inv.Removed {
		if inv.Removed[i].Distro {
			identify(&inv.Removed[i].Package, inv.Distro)
		}
	}
	f.markOwned(inv.Packages)
	slices.SortFunc(inv.Packages, compare)
	slices.SortFunc(inv.Removed, func(a, b Removed) int {
		return cmp.Or(cmp.Compare(a.RemovedIn, b.RemovedIn), compare(a.Package, b.Package))
	})
	return inv, append(gaps, f.missingDatabase(inv)...)
}

// notIn leaves out what is installed all the same, at another path or again.
func notIn(removed []Removed, packages []Package) []Removed {
	installed := map[[4]string]bool{}
	for _, p := range packages {
		installed[[4]string{p.Type, p.Name, p.Version, p.Arch}] = true
	}
	return slices.DeleteFunc(removed, func(r Removed) bool {
		return installed[[4]string{r.Type, r.Name, r.Version, r.Arch}]
	})
}

func compare(a, b Package) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version),
		cmp.Compare(a.Arch, b.Arch), cmp.Compare(a.Path, b.Path))
}

// fold is the view after each layer, and the packages that it shows.
type fold struct {
	view    *view
	known   map[string]*known // by extractor and place
	removed []Removed
}

// known is the packages of one file, as they stood after the last layer.
type known struct {
	place    string
	location *location
	read     *read
	packages []Package // Layer and FirstLayer filled
}

// add puts a layer on top and notes which packages came, changed and went.
func (f *fold) add(l Layer) {
	changed := f.view.apply(l.Index, l.Reader.files, l.Diff)
	now := f.places(changed, len(l.Diff.Symlinks) > 0)
	var came []*Package
	var gone []Removed
	for key, k := range now {
		var before []Package
		if old := f.known[key]; old != nil {
			before = old.packages
		}
		if k.read == nil {
			delete(f.known, key)
		} else {
			f.known[key] = k
		}
		k.packages, gone = carry(before, k, l.Index, gone)
		for i := range k.packages {
			if k.packages[i].FirstLayer == l.Index {
				came = append(came, &k.packages[i])
			}
		}
	}
	inherit(came, gone)
	f.removed = append(f.removed, gone...)
}

// places finds what is now at each place that a layer touched. A place where
// nothing is left has no read.
func (f *fold) places(changed []string, links bool) map[string]*known {
	now := map[string]*known{}
	rooted := links
	for _, p := range changed {
		loc := f.view.files[p]
		if loc == nil {
			rooted = true // perhaps; what it was is no longer known
			continue
		}
		for _, r := range loc.reads {
			if r.roots == nil {
				now[r.extractor+"\x00"+p] = &known{place: p, location: loc, read: r}
			} else {
				rooted = true
			}
		}
	}
	if rooted {
		f.rooted(now)
	}
	for key, k := range f.known {
		if _, ok := now[key]; ok {
			continue
		}
		loc := f.view.files[k.place]
		switch {
		case k.read.roots != nil && rooted, k.read.roots == nil && loc != k.location:
			now[key] = &known{place: k.place}
		}
	}
	for key, k := range now { // a rooted place that is as it was
		if old := f.known[key]; old != nil && old.read == k.read {
			delete(now, key)
		}
	}
	return now
}

// rooted finds all the files that count only at the roots of their formats.
func (f *fold) rooted(now map[string]*known) {
	for p, loc := range f.view.files {
		for _, r := range loc.reads {
			if r.roots == nil {
				continue
			}
			if place, ok := f.view.place(p, r); ok {
				now[r.extractor+"\x00"+place] = &known{place: place, location: loc, read: r}
			}
		}
	}
}

// identity is what makes a package the same one in another version.
type identity struct{ name, arch string }

// carry gives k's packages the layers that they have been known since. What
// was there before and is no more is appended to gone.
func carry(before []Package, k *known, index int, gone []Removed) ([]Package, []Removed) {
	old := map[identity][]Package{}
	for _, p := range before {
		id := identity{p.Name, p.Arch}
		old[id] = append(old[id], p)
	}
	var after []Package
	if k.read != nil {
		after = slices.Clone(k.read.packages)
	}
	for i := range after {
		p := &after[i]
		if inner, ok := strings.CutPrefix(p.Path, k.read.path); ok || p.Path == "" {
			p.Path = k.place + inner // what lies in an archive: app.jar!/lib/x.jar
		}
		p.Layer, p.FirstLayer = index, index
		same := old[identity{p.Name, p.Arch}]
		for j := range same {
			p.FirstLayer = min(p.FirstLayer, same[j].FirstLayer)
			if same[j].Version == p.Version {
				p.Layer = same[j].Layer
				same[j].Type = "" // taken: not gone
			}
		}
	}
	for _, same := range old {
		for _, p := range same {
			if p.Type != "" {
				gone = append(gone, Removed{Package: p, RemovedIn: index})
			}
		}
	}
	return after, gone
}

// inherit gives a package that came under another path the first layer of the
// same package that went: pip puts the version into a folder's name, so an
// upgrade is a removal and an installation.
func inherit(came []*Package, gone []Removed) {
	if len(gone) == 0 {
		return
	}
	first := map[[2]string]int{}
	for _, r := range gone {
		key := [2]string{r.Type, r.Name}
		if at, ok := first[key]; !ok || r.FirstLayer < at {
			first[key] = r.FirstLayer
		}
	}
	for _, p := range came {
		if at, ok := first[[2]string{p.Type, p.Name}]; ok {
			p.FirstLayer = at
		}
	}
}
