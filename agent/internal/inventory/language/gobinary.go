package language

import (
	"debug/buildinfo"
	"fmt"
	"io"
	"regexp"
	"runtime/debug"
	"strings"

	packageurl "github.com/package-url/packageurl-go"

	"github.com/layergate/layergate/agent/internal/inventory"
	"github.com/layergate/layergate/agent/internal/layer"
)

// readGo adds what Go's linker recorded: the main module, the modules that it
// depends on, and the standard library.
//
// The go command also stands for the release that it is of: the Go
// vulnerability database has flaws of building (cmd/go, cmd/cgo, cmd/compile,
// …) under the module "toolchain" (https://go.dev/doc/security/vuln/database).
// The compiler and its like are run by the go command, so that one package for
// all of them is enough.
//
// A version is empty where the record has none that could be compared: the
// main module of most local builds ("(devel)"), a module replaced by a folder,
// a development build of Go. Such a package is listed and not matched.
func readGo(c *inventory.Contents, f layer.File, r io.ReaderAt) error {
	info, err := buildinfo.Read(r)
	if err != nil {
		return fmt.Errorf("its Go build information: %w", err)
	}
	add := func(name, version string) {
		c.Packages = append(c.Packages, newPackage(packageurl.TypeGolang, name, version, f.Path))
	}
	if info.Main.Path != "" {
		add(goModule(&info.Main))
	}
	for _, m := range info.Deps {
		if m.Path != "" {
			add(goModule(m))
		}
	}
	add("stdlib", goVersion(info.GoVersion))
	if info.Path == "cmd/go" {
		add("toolchain", goVersion(info.GoVersion))
	}
	if withoutModules(info) {
		c.Gaps = append(c.Gaps, unknown(f, "it is a Go programme built without modules (GO111MODULE=off, or by another build system), so of what it is built from only Go itself is known; build it with modules"))
	}
	return nil
}

// withoutModules says whether the record names no modules because it could
// not, as opposed to a programme that has none: Go's own tools (cmd/…) and
// files compiled by name.
func withoutModules(info *buildinfo.BuildInfo) bool {
	return info.Main.Path == "" && len(info.Deps) == 0 &&
		!strings.HasPrefix(info.Path, "cmd/") && info.Path != "command-line-arguments"
}

// goModule is the name and version of the code that was compiled: the
// replacement's, unless that is a folder, which has neither.
func goModule(m *debug.Module) (name, version string) {
	if m.Replace != nil {
		if isFolder(m.Replace.Path) {
			return m.Path, ""
		}
		m = m.Replace
	}
	if m.Version == "(devel)" {
		return m.Path, ""
	}
	return m.Path, m.Version
}

// isFolder says whether a replace directive's right side is a path, by the
// rule of https://go.dev/ref/mod#go-mod-file-replace. Go writes none without a
// right side; one that is altered names no module either.
func isFolder(p string) bool {
	return p == "" || p == "." || p == ".." || strings.HasPrefix(p, "./") || strings.HasPrefix(p, "../") ||
		strings.HasPrefix(p, "/") || strings.Contains(p, `\`)
}

// release is a Go release, such as go1.21, go1.21.3, go1.22rc1, alone or
// followed by what vendors and experiments add: "-dist", "+auto",
// " X:boringcrypto".
var release = regexp.MustCompile(`^go(\d+)\.(\d+)(?:\.(\d+))?(?:(rc|beta)(\d+))?(?:[-+ ].*)?$`)

// goVersion turns a toolchain's name into the version of the standard library
// in the form that the Go vulnerability database uses, semantic versioning:
// go1.21 is 1.21.0, go1.22rc1 is 1.22.0-rc.1. A development build is "".
func goVersion(toolchain string) string {
	m := release.FindStringSubmatch(toolchain)
	if m == nil {
		return ""
	}
	patch := m[3]
	if patch == "" {
		patch = "0"
	}
	version := m[1] + "." + m[2] + "." + patch
	if m[4] != "" {
		version += "-" + m[4] + "." + m[5]
	}
	return version
}
