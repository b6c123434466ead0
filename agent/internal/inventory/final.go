package inventory

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/finding"
	"github.com/layergate/layergate/agent/internal/image"
	"github.com/layergate/layergate/agent/internal/layer"
)

// sorted gives the known files in a fixed order.
func (f *fold) sorted() []*known {
	all := make([]*known, 0, len(f.known))
	for _, key := range slices.Sorted(maps.Keys(f.known)) {
		all = append(all, f.known[key])
	}
	return all
}

// distro is the image's os-release; of several, the one at the place that its
// extractor prefers.
func (f *fold) distro() *image.Distro {
	var found *image.Distro
	best := 0
	for _, k := range f.sorted() {
		if k.read.contents.Distro == nil {
			continue
		}
		if rank := slices.Index(k.read.roots, k.place); found == nil || rank < best {
			found, best = k.read.contents.Distro, rank
		}
	}
	return found
}

// gaps are those of the files that are in the image at the end: what a lower
// layer held and an upper one deleted needs no reading. Nor does what a distro
// package installed: it is known by the distro's name.
func (f *fold) gaps(packages []Package) (gaps []finding.Gap) {
	var claims []*claim
	for _, k := range f.sorted() {
		for _, g := range k.read.contents.Gaps {
			g.Layer = k.location.layer
			gaps = append(gaps, g)
			claims = append(claims, &claim{path: k.place, layer: k.location.layer})
		}
	}
	f.own(packages, claims)
	n := 0
	for i, c := range claims {
		if c.owner == "" {
			gaps[n] = gaps[i]
			n++
		}
	}
	return gaps[:n]
}

// packages lists every package once: a distro package that two databases name
// (old and new place of the same one) is one package, and so is what several
// hard links to one file name.
func (f *fold) packages() []Package {
	seen := map[[4]string]bool{}
	linked := f.linked()
	var all []Package
	for _, k := range f.sorted() {
		if l := linked[k.read.contents]; l != nil && l != k {
			continue
		}
		for _, p := range k.packages {
			if p.Distro {
				id := [4]string{p.Type, p.Name, p.Version, p.Arch}
				if seen[id] {
					continue
				}
				seen[id] = true
			}
			all = append(all, p)
		}
	}
	return all
}

// markOwned marks the language packages whose file a distro package installed.
func (f *fold) markOwned(packages []Package) {
	var claims []*claim
	var of []*Package
	for i := range packages {
		p := &packages[i]
		if !p.Distro {
			outer, _, _ := strings.Cut(p.Path, "!/")
			claims = append(claims, &claim{path: outer, layer: p.Layer})
			of = append(of, p)
		}
	}
	f.own(packages, claims)
	for i, c := range claims {
		of[i].OwnedBy = c.owner
	}
}

// claim asks which distro package installed a file.
type claim struct {
	path  string // canonical
	layer int    // where its contents came in
	owner string // the answer; empty if none did
}

// linked chooses one of the names of each hard-linked file: the one whose
// packages came first. Linking a lower layer's file in an upper one writes it
// again under both names, and an archive may give either as the link.
func (f *fold) linked() map[*Contents]*known {
	chosen := map[*Contents]*known{}
	for _, k := range f.sorted() {
		if k.read.roots != nil || len(k.packages) == 0 {
			continue
		}
		if c := chosen[k.read.contents]; c == nil || k.packages[0].Layer < c.packages[0].Layer {
			chosen[k.read.contents] = k
		}
	}
	return chosen
}

// own answers claims. A file that a later layer wrote over with other contents
// is no longer what the distro package brought, so nobody owns it.
func (f *fold) own(packages []Package, claims []*claim) {
	if len(claims) == 0 {
		return
	}
	byHash := map[uint64][]*claim{}
	for _, c := range claims {
		for _, name := range append(f.view.otherNames(c.path), c.path) {
			h := layer.Hash(name)
			byHash[h] = append(byHash[h], c)
		}
	}
	since := map[string]int{} // distro package to the layer of its version
	for _, p := range packages {
		if p.Distro {
			since[p.Name] = max(since[p.Name], p.Layer)
		}
	}
	for _, k := range f.sorted() {
		for _, o := range k.read.owned {
			at, ok := since[o.by]
			if !ok {
				continue
			}
			for _, h := range o.files {
				for _, c := range byHash[h] {
					if c.layer <= at && c.owner == "" {
						c.owner = o.by
					}
				}
			}
		}
	}
}

// missingDatabase is the doubt about an image of a distro in which no package
// of the distro is known: its package manager is one that we cannot read, or
// its database was deleted, and with it all knowledge of what is installed.
func (f *fold) missingDatabase(inv *Inventory) []finding.Gap {
	if inv.Distro == nil || slices.ContainsFunc(inv.Packages, func(p Package) bool { return p.Distro }) {
		return nil
	}
	name := cmp.Or(inv.Distro.Name, inv.Distro.ID, "of a distribution without a name")
	gap := finding.Gap{
		Kind: finding.Unknowable, Subject: name, Layer: -1,
		Reason: "the image is " + name + ", but holds no package database that can be read (apk, dpkg, rpm): its distro packages are unknown",
	}
	for _, r := range inv.Removed {
		if r.Distro && r.RemovedIn > gap.Layer {
			gap.Layer = r.RemovedIn
			gap.Subject = r.Path
			gap.Reason = fmt.Sprintf("layer %d removed the package database, so the distro packages that are still installed are unknown; keep it in the image", r.RemovedIn)
		}
	}
	return []finding.Gap{gap}
}
