package inventory

import (
	"path"
	"slices"
	"strings"

	"github.com/layergate/layergate/agent/internal/layer"
)

// maxHops is how many symbolic links are followed in one path, as in Linux.
const maxHops = 40

// view is the file system as it stands after some layers, as far as the
// inventory cares: files with contents, and symbolic links.
type view struct {
	links map[string]string    // symbolic links by canonical path
	files map[string]*location // by canonical path: no folder of it is a link

	// into lists, for a folder, the links that lead there: the other names
	// under which an upper layer may write to the folder's files.
	into map[string][]string
}

// location is a file with contents, and the layer that wrote it last.
type location struct {
	layer int
	reads []*read
}

func newView() *view {
	return &view{links: map[string]string{}, files: map[string]*location{}}
}

// apply puts a layer on top. It returns the paths whose contents it changed.
func (v *view) apply(index int, files map[string][]*read, d *layer.Diff) (changed []string) {
	if d.Empty() {
		return nil
	}
	v.hideLinks(d)
	for p := range v.files {
		if d.Hides(p) || slices.ContainsFunc(v.otherNames(p), d.Hides) {
			delete(v.files, p)
			changed = append(changed, p)
		}
	}
	v.addLinks(d)
	for p, reads := range files {
		p = v.canonical(p)
		v.files[p] = &location{layer: index, reads: reads}
		changed = append(changed, p)
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}

func (v *view) hideLinks(d *layer.Diff) {
	before := len(v.links)
	for p := range v.links {
		if d.Hides(p) || slices.ContainsFunc(v.otherNames(p), d.Hides) {
			delete(v.links, p)
		}
	}
	if len(v.links) != before {
		v.index()
	}
}

func (v *view) addLinks(d *layer.Diff) {
	if len(d.Symlinks) == 0 {
		return
	}
	paths := make([]string, 0, len(d.Symlinks))
	for p := range d.Symlinks {
		paths = append(paths, p)
	}
	slices.Sort(paths) // a folder's link before what lies in it
	for _, p := range paths {
		v.links[v.canonical(p)] = d.Symlinks[p]
	}
	v.index()
}

func (v *view) index() {
	v.into = map[string][]string{}
	for p := range v.links {
		to := v.resolve(p)
		v.into[to] = append(v.into[to], p)
	}
}

// otherNames are the paths that lead to p through one linked folder.
func (v *view) otherNames(p string) (names []string) {
	for i := strings.LastIndexByte(p, '/'); i > 0; i = strings.LastIndexByte(p[:i], '/') {
		for _, l := range v.into[p[:i]] {
			names = append(names, l+p[i:])
		}
	}
	return names
}

// canonical follows the links among p's folders, not p itself.
func (v *view) canonical(p string) string {
	dir, base := path.Split(p)
	if dir == "" {
		return p
	}
	return path.Join(v.resolve(strings.TrimSuffix(dir, "/")), base)
}

// resolve follows all links in p, p itself included. A path that runs in
// circles is returned as it stands: there is nothing at its end.
func (v *view) resolve(p string) string {
	done, rest := "", p
	for hops := 0; rest != ""; {
		part, after, _ := strings.Cut(rest, "/")
		rest = after
		next := part
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			done = done[:max(0, strings.LastIndexByte(done, '/'))]
			continue
		case done != "":
			next = done + "/" + part
		}
		target, ok := v.links[next]
		if !ok {
			done = next
			continue
		}
		if hops++; hops > maxHops {
			return p
		}
		if strings.HasPrefix(target, "/") {
			done = ""
		}
		rest = strings.TrimPrefix(target, "/") + "/" + rest
		rest = strings.TrimSuffix(rest, "/")
	}
	return done
}

// place says under which name a read counts: its canonical path, or the root
// of its format that leads there. ok is false where it does not count.
func (v *view) place(p string, r *read) (name string, ok bool) {
	if r.roots == nil {
		return p, true
	}
	for _, root := range r.roots {
		folder, isFolder := strings.CutSuffix(root, "/")
		if !isFolder && v.resolve(root) == p {
			return root, true
		}
		if dir, base := path.Split(p); isFolder && v.resolve(folder)+"/" == dir {
			return root + base, true
		}
	}
	return "", false
}
