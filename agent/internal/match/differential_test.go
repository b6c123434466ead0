package match

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	goversion "go/version"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The orders are compared with the tools that define them, over neighbouring
// versions of the same packages in the real feeds and over the published cases.
// NuGet's own is missing: apt's nuget is of 2014 and does not know semantic
// versioning 2.0.

// shared is the folder of real data, if there is one.
func shared(t testing.TB) string {
	t.Helper()
	if testing.Short() {
		t.Skip("reads much real data")
	}
	dir := os.Getenv("LAYERGATE_SHARED")
	if dir == "" {
		dir = "../../../../shared"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no shared data: set LAYERGATE_SHARED to its folder")
	}
	return filepath.Join(dir, "data")
}

// osvDocument is what these tests need of a document.
type osvDocument struct {
	ID                string
	Aliases, Upstream []string
	Related           []string
	Affected          []struct {
		Package struct{ Name, Ecosystem string }
		Ranges  []struct {
			Type   string
			Events []map[string]string
		}
		Versions []string
	}
}

func eachDocument(t *testing.T, archive string, visit func(osvDocument)) {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(shared(t), "osv", archive, "all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		var doc osvDocument
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(r).Decode(&doc)
		if err := errors.Join(err, r.Close()); err != nil {
			t.Fatal(f.Name, err)
		}
		visit(doc)
	}
}

// realVersions returns up to limit versions of an archive's advisories, those
// of a package together, in a fixed random order.
func realVersions(t *testing.T, archive string, limit int) []string {
	t.Helper()
	byPackage := make(map[string][]string)
	eachDocument(t, archive, func(doc osvDocument) {
		for _, a := range doc.Affected {
			if base, _, _ := strings.Cut(a.Package.Ecosystem, ":"); base != archive {
				continue
			}
			all := a.Versions
			for _, r := range a.Ranges {
				for _, event := range r.Events {
					if r.Type != "GIT" {
						all = slices.AppendSeq(all, maps.Values(event))
					}
				}
			}
			byPackage[a.Package.Name] = append(byPackage[a.Package.Name], all...)
		}
	})
	names := slices.Sorted(maps.Keys(byPackage))
	random := rand.New(rand.NewPCG(1, 2))
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var list []string
	for _, name := range names {
		versions := slices.Compact(slices.Sorted(slices.Values(byPackage[name])))
		random.Shuffle(len(versions), func(i, j int) { versions[i], versions[j] = versions[j], versions[i] })
		list = append(list, versions[:min(len(versions), 40)]...)
	}
	return list[:min(len(list), limit)]
}

// mixed makes versions of a first number and up to five of the pieces, which
// real versions combine more tamely.
func mixed(pieces string) []string {
	parts := strings.Fields(pieces)
	random := rand.New(rand.NewPCG(3, 4))
	versions := make([]string, 2000)
	for i := range versions {
		versions[i] = strconv.Itoa(1 + random.IntN(2))
		for range random.IntN(6) {
			versions[i] += parts[random.IntN(len(parts))]
		}
	}
	return versions
}

// agree compares each version with the next. want has the tool's answer for
// each pair: "-1", "0", "1", or "x" where the tool takes one for no version;
// TestGarbage is about those.
func agree(t *testing.T, o order, versions, want []string) {
	t.Helper()
	if len(want) != len(versions)-1 {
		t.Fatalf("%d answers for %d pairs; the last is %q", len(want), len(versions)-1, want[len(want)-1:])
	}
	valid, decided, differ := 0, 0, 0
	for i, w := range want {
		if w == "x" {
			continue
		}
		valid++
		a, aOK := o(versions[i])
		b, bOK := o(versions[i+1])
		got, ok := 0, aOK && bOK
		if ok {
			got, ok = a.compare(b)
		}
		if !ok {
			t.Logf("undecided here: %q and %q, the tool says %s", versions[i], versions[i+1], w)
			continue
		}
		if decided++; strconv.Itoa(got) != w {
			if differ++; differ <= 20 {
				t.Errorf("compare(%q, %q) = %d, the tool says %s", versions[i], versions[i+1], got, w)
			}
		}
	}
	if differ > 20 {
		t.Errorf("%d differences in all", differ)
	}
	if decided*100 < valid*98 {
		t.Errorf("only %d of %d pairs decided", decided, valid)
	}
	t.Logf("%d pairs, %d valid to the tool, %d decided", len(want), valid, decided)
}

// ask runs a tool with the versions on its standard input, one a line, and
// returns its answers, one a line.
func ask(t *testing.T, versions []string, apt, tool string, args ...string) []string {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing: apt-get install %s", tool, apt)
		}
		t.Skipf("%s is missing: apt-get install %s", tool, apt)
	}
	cmd := exec.Command(tool, args...)
	cmd.Stdin = strings.NewReader(strings.Join(versions, "\n") + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", tool, err, stderr.String())
	}
	return strings.Fields(string(out))
}

func TestDebianAgainstDpkg(t *testing.T) {
	versions := append(realVersions(t, "Debian", 800), realVersions(t, "Ubuntu", 800)...)
	versions = append(versions, publishedVersions(t, "Debian")...)
	versions = append(versions, "1.0~rc1-1", "1.0-1", "1.0+b1-1", "1.0a-1", "1.0.-1", "0:1.0-01", "1:0.9", "1.0-1~~", "1.0-1~", "1.0", "1.0-0")
	agree(t, debianOrder, versions, ask(t, versions, "dpkg", "sh", "-c", `
		read -r a
		while read -r b; do
			if dpkg --compare-versions "$a" lt "$b" 2>/dev/null; then echo -1
			elif dpkg --compare-versions "$a" gt "$b" 2>/dev/null; then echo 1
			else echo 0; fi
			a=$b
		done`))
}

func TestRPMAgainstRPM(t *testing.T) {
	var versions []string
	for _, archive := range []string{"AlmaLinux", "Rocky Linux", "Azure Linux"} {
		versions = append(versions, realVersions(t, archive, 4000)...)
	}
	versions = append(versions, publishedVersions(t, "rpm")...)
	for _, v := range mixed(".0 .1 .10 .01 a .b ~rc1 ~ ^ ^git1 + _ .. rc .el9") {
		versions = append(versions, v+"-1")
	}
	versions = append(versions, "1.0~rc1-1", "1.0-1", "1.0^git1-1", "1.0^git1~pre-1", "1.0~rc1^git1-1", "1.0.1-1", "1.0^-1", "1.0~-1", "1.0a-1", "1.0.a-1", "1.01-1", "1_0-1", "1..0-1", "0:1.0-1", "1:0.5-1")
	agree(t, rpmOrder, versions, ask(t, versions, "rpm", "rpm", "--eval", `%{lua:
		local a = io.read()
		for b in io.lines() do print(rpm.vercmp(a, b) .. "\n"); a = b end}`))
}

func TestSemverAgainstNode(t *testing.T) {
	root, err := exec.Command("npm", "root", "-g").Output()
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("npm is missing: apt-get install npm")
	} else if err != nil {
		t.Skip("npm is missing: apt-get install npm")
	}
	var versions []string
	for _, archive := range []string{"npm", "Go", "crates.io"} {
		versions = append(versions, realVersions(t, archive, 4000)...)
	}
	versions = append(versions, publishedVersions(t, "npm")...)
	versions = append(versions, publishedVersions(t, "crates.io")...)
	for _, v := range mixed(".0 .1 .10 .a .alpha .beta2 -1 -0a -x --") {
		versions = append(versions, "1.0.0-"+v)
	}
	versions = append(versions, "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.0+a", "v1.0.0+b", "1.0.0--5", "1.0.0-5", "1.0.0-5a")
	agree(t, semverOrder, versions, ask(t, versions, "npm", "node", "-e", `
		const semver = require(process.argv[1] + '/npm/node_modules/semver');
		const lines = require('fs').readFileSync(0, 'utf8').trimEnd().split('\n')
			.map(s => semver.parse(s, true) || semver.parse(s + '.0', true) || semver.parse(s + '.0.0', true));
		for (let i = 1; i < lines.length; i++)
			console.log(lines[i-1] && lines[i] ? semver.compare(lines[i-1], lines[i]) : 'x');`,
		strings.TrimSpace(string(root))))
}

// The go command's own orders: of modules, which it has no command for, from
// its source code; of its releases, from the standard library.
func TestGoAgainstGo(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	vendored := filepath.Join(strings.TrimSpace(string(root)), "src/cmd/vendor/golang.org/x/mod/semver/semver.go")
	source, err := os.ReadFile(vendored)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("this Go came without its tools' source code: %v", err)
	} else if err != nil {
		t.Skipf("this Go came without its tools' source code: %v", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module order\n\ngo 1.21\n",
		"semver/semver.go": string(source),
		"main.go": `package main

import (
	"bufio"
	"fmt"
	"os"

	"order/semver"
)

func main() {
	before := ""
	for n, lines := 0, bufio.NewScanner(os.Stdin); lines.Scan(); n++ {
		v := lines.Text()
		if v[0] != 'v' {
			v = "v" + v
		}
		switch {
		case n == 0:
		case semver.IsValid(v) && semver.IsValid(before):
			fmt.Println(semver.Compare(before, v))
		default:
			fmt.Println("x")
		}
		before = v
	}
}
`} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	versions := append(realVersions(t, "Go", 20000), publishedVersions(t, "Go")...)
	agree(t, goOrder, versions, ask(t, versions, "golang-go", "env", "GOWORK=off", "go", "run", "-C", dir, "."))
}

func TestGoReleasesAgainstGo(t *testing.T) {
	var versions, want []string
	for minor := range 30 {
		m := "go1." + strconv.Itoa(minor)
		versions = append(versions, m+"beta1", m+"rc1", m+"rc2", m+"rc10", m+".0", m+".1", m+".2", m+".10")
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(versions), func(i, j int) { versions[i], versions[j] = versions[j], versions[i] })
	for i := 1; i < len(versions); i++ {
		want = append(want, strconv.Itoa(goversion.Compare(versions[i-1], versions[i])))
	}
	agree(t, goOrder, versions, want)
}

func TestPyPIAgainstPackaging(t *testing.T) {
	versions := slices.Concat(realVersions(t, "PyPI", 20000), publishedVersions(t, "PyPI"), mixed(".0 .1 .10 a1 b2 rc .rc1 -c .post1 -1 .dev .dev2 +local +1.a"))
	versions = append(versions, "1.0", "1.0.0", "1.0+local", "1.0+local.1", "1.0+1", "1!0.1", "1.0.dev1", "1.0a1.dev1", "1.0a1", "1.0.post1", "1.0.post1.dev1", "1.0-1", "V1.0", "1.0RC1", "1.0-c.1")
	agree(t, pypiOrder, versions, ask(t, versions, "python3-pip", "python3", "-c", `
import sys
from pip._vendor.packaging.version import InvalidVersion, Version
def parse(s):
    try: return Version(s)
    except InvalidVersion: return None
lines = [parse(s) for s in sys.stdin.read().splitlines()]
for a, b in zip(lines, lines[1:]):
    print('x' if a is None or b is None else (a > b) - (a < b))`))
}

func TestMavenAgainstMaven(t *testing.T) {
	jars, err := filepath.Glob("/usr/share/maven/lib/maven-artifact-*.jar")
	if err != nil {
		t.Fatal(err)
	}
	if len(jars) == 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("Maven is missing: apt-get install maven")
		}
		t.Skip("Maven is missing: apt-get install maven")
	}
	versions := slices.Concat(realVersions(t, "Maven", 6000), publishedVersions(t, "Maven"), mixed(".0 .1 -1 -0 .10 . - -- a -a .b1 m alpha -beta2 .rc cr1 -ga .final .Final -SNAPSHOT -sp foo .x -jre .v2020 .RELEASE"))
	versions = append(versions, "1", "1.0", "1-ga", "1.0.0-final", "1-alpha", "1-a1", "1-alpha-1", "1-b2", "1-m3", "1-rc1", "1-cr2", "1-SNAPSHOT", "1-sp", "1-sp-1", "1-foo", "1-1", "1.1", "1.0-jre", "1.0-android", "1.0.RELEASE", "2.0.1.Final", "2.0.1.CR1", "2.0.1", "1.0.0.v20200101", "9.4.40.v20210413", "9.4.41", "1.0-20200101.120000-1", "r03")
	// Its main prints a line a version, and between two "   a < b".
	out := ask(t, nil, "default-jre-headless", "java", append([]string{"-cp", jars[0],
		"org.apache.maven.artifact.versioning.ComparableVersion"}, versions...)...)
	var want []string
	signs := map[string]string{"<": "-1", "==": "0", ">": "1"}
	for i := 1; i+1 < len(out); i++ {
		if s, ok := signs[out[i]]; ok {
			want = append(want, s)
		}
	}
	agree(t, mavenOrder, versions, want)
}

func TestGemAgainstRuby(t *testing.T) {
	versions := slices.Concat(realVersions(t, "RubyGems", 6000), publishedVersions(t, "RubyGems"), mixed(".0 .1 .10 .a .b2 .pre .rc1 -1 -java"))
	versions = append(versions, "1.0", "1", "1.0.a", "1.0.a.2", "1.0.a10", "1.0.b1", "1.0-1", "1.0.pre.1", "1.0.rc1", "1.0.0.rc1", "1.9.3", "1.9.3-java")
	agree(t, gemOrder, versions, ask(t, versions, "ruby", "ruby", "-e", `
		lines = STDIN.readlines(chomp: true).map { |s| Gem::Version.correct?(s) ? Gem::Version.new(s) : nil }
		lines.each_cons(2) { |a, b| puts a && b ? a <=> b : 'x' }`))
}

func TestPackagistAgainstComposer(t *testing.T) {
	const autoload = "/usr/share/php/Composer/Semver/autoload.php"
	if _, err := os.Stat(autoload); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("Composer's Semver is missing: apt-get install php-cli php-composer-semver")
		}
		t.Skip("Composer's Semver is missing: apt-get install php-cli php-composer-semver")
	}
	versions := slices.Concat(realVersions(t, "Packagist", 6000), publishedVersions(t, "Packagist"), mixed(".0 .1 .10 -beta beta2 -b.3 -RC1 .rc -alpha a1 -p1 pl2 -dev -patch -stable .2-dev"))
	versions = append(versions, "1.0", "1.0.0", "v1.0", "1.0-beta1", "1.0.0-beta.2", "1.0-RC1", "1.0-alpha", "1.0-patch1", "1.0-p1", "1.0-dev", "1.0.0.1", "1.0-stable", "1.0b1")
	agree(t, packagistOrder, versions, ask(t, versions, "php-cli", "php", "-r", `
		require '`+autoload+`';
		$parser = new Composer\Semver\VersionParser();
		$lines = array_map(function ($s) use ($parser) {
			try { return $parser->normalize($s); } catch (UnexpectedValueException $e) { return null; }
		}, explode("\n", trim(stream_get_contents(STDIN))));
		for ($i = 1; $i < count($lines); $i++) {
			list($a, $b) = [$lines[$i-1], $lines[$i]];
			echo $a === null || $b === null ? 'x' : version_compare($a, $b), "\n";
		}`))
}

// apk is run from a real root file system, with its own loader.
func TestAlpineAgainstApk(t *testing.T) {
	root := t.TempDir()
	unpackApk(t, filepath.Join(shared(t), "rootfs", "alpine-minirootfs-3.20.3-x86_64.tar.gz"), root)
	versions := append(realVersions(t, "Alpine", 800), publishedVersions(t, "Alpine")...)
	versions = append(versions, "1.0-r0", "1.0_alpha-r0", "1.0_alpha1-r0", "1.0_beta-r0", "1.0_pre1-r0", "1.0_rc2-r0", "1.0_p1-r0", "1.0_git20200101-r0", "1.0_cvs-r0", "1.0a-r0", "1.0b-r1", "1.0.1-r0", "1.01-r0", "1.1-r0", "1.0_rc1_p1-r0", "1.0_rc1-r0", "1.0", "1.10-r0", "1.9-r0")
	versions = slices.DeleteFunc(versions, func(s string) bool { return s == "0" })
	agree(t, alpineOrder, versions, ask(t, versions, "libc-bin", "sh", "-c", `
		read -r a
		while read -r b; do
			case $("$0/lib/ld-musl-x86_64.so.1" --library-path "$0/lib" "$0/sbin/apk" version -t "$a" "$b") in
			'<') echo -1;; '>') echo 1;; *) echo 0;;
			esac
			a=$b
		done`, root))
}

func unpackApk(t *testing.T, archive, root string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Clean(h.Name)
		if dir := filepath.Dir(name); h.Typeflag == tar.TypeDir || dir != "lib" && dir != "usr/lib" && name != "sbin/apk" {
			continue
		}
		target := filepath.Join(root, name)
		err = os.MkdirAll(filepath.Dir(target), 0o755)
		if h.Typeflag == tar.TypeSymlink {
			err = errors.Join(err, os.Symlink(h.Linkname, target))
		} else {
			var content []byte
			content, readErr := io.ReadAll(r)
			err = errors.Join(err, readErr, os.WriteFile(target, content, fs.FileMode(h.Mode)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
