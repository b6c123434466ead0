package internal_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// folder is one package's folder: its Go files as they are parsed, whatever
// their build constraints say.
type folder struct {
	path  string // relative to the module's root
	files []file
}

type file struct {
	name   string
	test   bool
	lines  int
	syntax *ast.File
}

// code is all folders with Go files, by path.
type code map[string]*folder

var fileSet = token.NewFileSet()

// load parses every Go file below root, testdata excepted.
func load(fsys fs.FS, root string) (code, error) {
	all := code{}
	err := fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		source, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(fileSet, name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if all[dir] == nil {
			all[dir] = &folder{path: dir}
		}
		all[dir].files = append(all[dir].files, file{
			name:   name,
			test:   strings.HasSuffix(name, "_test.go") || forTests(syntax),
			lines:  bytes.Count(source, []byte("\n")),
			syntax: syntax,
		})
		return nil
	})
	return all, err
}

// forTests says whether a file is of a package that only tests import.
func forTests(f *ast.File) bool {
	return slices.ContainsFunc(f.Imports, func(spec *ast.ImportSpec) bool { return importPath(spec) == "testing" })
}

// paths lists the folders in order, so that complaints come in order.
func (c code) paths() []string {
	var paths []string
	for p := range c {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths
}

// under lists the folders at and below root.
func (c code) under(root string) []string {
	return slices.DeleteFunc(c.paths(), func(p string) bool { return !within(p, []string{root}) })
}

// within says whether the folder p is one of roots or below one.
func within(p string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return p == root || strings.HasPrefix(p, root+"/") })
}

// imports lists the module's own packages that a folder's code, its tests
// excepted, imports.
func (f *folder) imports() []string {
	var own []string
	for _, file := range f.code() {
		for _, spec := range file.syntax.Imports {
			if p, ok := strings.CutPrefix(importPath(spec), module+"/"); ok {
				own = append(own, p)
			}
		}
	}
	slices.Sort(own)
	return slices.Compact(own)
}

// code is the files that are not tests.
func (f *folder) code() []file {
	return slices.DeleteFunc(slices.Clone(f.files), func(file file) bool { return file.test })
}

// chain finds how from comes to import something within targets, over however
// many packages: from first, the target last; nil if it doesn't.
func (c code) chain(from string, targets []string) []string {
	cameFrom := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && within(at, targets) {
			var chain []string
			for ; at != ""; at = cameFrom[at] {
				chain = append([]string{at}, chain...)
			}
			return chain
		}
		if c[at] == nil {
			continue
		}
		for _, next := range c[at].imports() {
			if _, seen := cameFrom[next]; !seen {
				cameFrom[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// uses calls visit for every name of another package that a file mentions:
// ("os", "Getenv"), by import path. A dot import counts as mentioning ".".
func (f file) uses(visit func(pos token.Pos, pkg, name string)) {
	local := map[string]string{}
	for _, spec := range f.syntax.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			visit(spec.Pos(), p, ".")
		}
		local[name] = p
	}
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if id, ok := selector.X.(*ast.Ident); ok {
			visit(selector.Pos(), local[id.Name], selector.Sel.Name)
		} else {
			visit(selector.Pos(), "", selector.Sel.Name)
		}
		return true
	})
}

func importPath(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic(fmt.Sprintf("the parser let the import %s through", spec.Path.Value))
	}
	return p
}
