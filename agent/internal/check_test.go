package internal_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// rules is what the code must keep; all paths are relative to the module.
type rules struct {
	never       []never
	environment []string // the packages that may read the environment
	exit        []string // the packages that may end the process
	folders     []string // names that no folder may have
	lines       int      // of a file, at most
}

// never says that from, and whatever is below it, imports none of to, whether
// itself or by what it imports.
type never struct {
	from string
	to   []string
}

// check lists what breaks the rules, in order of folders and files.
func (r rules) check(c code) []string {
	var broken []string
	for _, p := range c.paths() {
		folder := c[p]
		for _, n := range r.never {
			if !within(p, []string{n.from}) {
				continue
			}
			if chain := c.chain(p, n.to); chain != nil {
				broken = append(broken, fmt.Sprintf("%s must not import %s, and does: %s", p, chain[len(chain)-1], strings.Join(chain, " → ")))
			}
		}
		if slices.Contains(r.folders, path.Base(p)) {
			broken = append(broken, fmt.Sprintf("%s: a folder's name must say what is in it", p))
		}
		if len(folder.code()) > 0 && !documented(folder.code()) {
			broken = append(broken, fmt.Sprintf("%s has no package comment", p))
		}
		for _, file := range folder.files {
			if file.lines > r.lines {
				broken = append(broken, fmt.Sprintf("%s has %d lines, more than %d", file.name, file.lines, r.lines))
			}
			if !file.test {
				broken = append(broken, r.checkFile(p, file)...)
			}
		}
	}
	return broken
}

// checkFile lists what the code in one file must not do.
func (r rules) checkFile(folder string, f file) []string {
	var broken []string
	add := func(pos token.Pos, format string, args ...any) {
		broken = append(broken, fileSet.Position(pos).String()+": "+fmt.Sprintf(format, args...))
	}
	for _, decl := range f.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			add(fn.Pos(), "func init: no registration, one literal table in plain sight instead")
		}
	}
	f.uses(func(pos token.Pos, pkg, name string) {
		switch {
		case name == "." && (pkg == "os" || pkg == "syscall" || pkg == "log"):
			add(pos, "a dot import of %s hides what it reads and whether it exits", pkg)
		case readsEnvironment(pkg, name) && !within(folder, r.environment):
			add(pos, "only %s may read the environment", strings.Join(r.environment, ", "))
		case exits(pkg, name) && !within(folder, r.exit):
			add(pos, "only %s may end the process", strings.Join(r.exit, ", "))
		}
	})
	return broken
}

func readsEnvironment(pkg, name string) bool {
	if pkg != "os" && pkg != "syscall" {
		return false
	}
	return slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Setenv", "Unsetenv", "Clearenv"}, name)
}

// exits takes Fatal, Fatalf and Fatalln for loggers' methods whatever they are
// called on: no code here but tests has any other.
func exits(pkg, name string) bool {
	switch name {
	case "Exit":
		return pkg == "os" || pkg == "syscall" || strings.HasSuffix(pkg, "/logrus")
	case "Fatal", "Fatalf", "Fatalln":
		return true
	}
	return false
}

// documented says whether one of a package's files has its comment.
func documented(files []file) bool {
	return slices.ContainsFunc(files, func(f file) bool { return strings.TrimSpace(f.syntax.Doc.Text()) != "" })
}

// TestEveryRuleCanBeBroken shows the checker a small tree that breaks each
// rule once, beside code that comes close and breaks none.
func TestEveryRuleCanBeBroken(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/broken.txtar")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := txtar.FS(archive)
	if err != nil {
		t.Fatal(err)
	}
	code, err := load(tree, "agent")
	if err != nil {
		t.Fatal(err)
	}
	r := design
	r.lines = 25
	var want []string
	for line := range strings.Lines(string(archive.Comment)) {
		if line = strings.TrimSpace(line); line != "" {
			want = append(want, line)
		}
	}
	if diff := cmp.Diff(want, r.check(code)); diff != "" {
		t.Errorf("broken rules (-want +got):\n%s", diff)
	}
}
