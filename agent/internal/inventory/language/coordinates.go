package language

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// coordinates are what Maven calls an artifact by.
type coordinates struct{ group, artifact, version string }

func (c coordinates) complete() bool {
	return c.group != "" && c.artifact != "" && c.version != ""
}

// parsePOM reads a pom.properties file, a Java properties file of three keys.
// A value that a build left as a placeholder is "".
func parsePOM(text []byte) coordinates {
	var c coordinates
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		i := strings.IndexAny(line, "=:")
		if i < 0 || line[0] == '#' || line[0] == '!' {
			continue
		}
		value := strings.TrimSpace(line[i+1:])
		if strings.ContainsAny(value, "${} \t") {
			continue
		}
		switch strings.TrimSpace(line[:i]) {
		case "groupId":
			c.group = value
		case "artifactId":
			c.artifact = value
		case "version":
			c.version = value
		}
	}
	return c
}

// identify says which artifacts a jar is made of: those of its pom.properties
// and, if the jar itself is not among them, what its name and manifest say.
//
// A jar that was built by other tools than Maven may have the pom.properties
// of what is shaded into it and none of its own. So when its name has a
// version, and none of them has its name, and something but its name tells its
// group, it counts beside them.
func identify(jar string, poms []coordinates, m manifest) []coordinates {
	stem, version := splitJarName(path.Base(jar))
	own := coordinates{artifact: stem, version: version}
	if version == "" {
		own.artifact, own.version = m.artifact(stem), m.version()
	}
	var all []coordinates
	named := false
	for _, p := range poms {
		named = named || p.artifact == own.artifact
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if named || len(all) > 0 && version == "" || own.artifact == "" || own.version == "" {
		return all
	}
	group, told := groupOf(own.artifact, own.version, m)
	if own.group = group; len(all) == 0 || told {
		all = append(all, own)
	}
	return all
}

// artifact is the artifact's name for a jar whose file name, stem, has no
// version and so may have been chosen by anyone.
func (m manifest) artifact(stem string) string {
	if m["implementation-title"] == "Apache Tomcat" && !strings.HasPrefix(stem, "tomcat-") {
		return "tomcat-" + stem // Tomcat's own lib folder: catalina.jar is tomcat-catalina
	}
	for _, key := range []string{"artifact-id", "implementation-title"} {
		if v := m.token(key); v != "" {
			return v
		}
	}
	return stem
}

func (m manifest) version() string {
	for _, key := range []string{"plugin-version", "implementation-version", "bundle-version", "specification-version"} {
		// "1.4 1855 April 22 2006", "3.1.0 (build 5)"
		if v, _, _ := strings.Cut(m.get(key), " "); v != "" && v[0] >= '0' && v[0] <= '9' {
			return v
		}
	}
	return ""
}

var (
	// jarVersion is where a version begins in NAME-1.2.3, NAME-r09, NAME_1.2.3.
	jarVersion = regexp.MustCompile(`[-_](?:v|rc?|build)?[0-9]`)

	// classifier is what may follow the version in the name of a variant of
	// the artifact. It is no part of the version.
	classifier = regexp.MustCompile(`-(?:sources|javadoc|tests?|all|shaded|bin|exec|standalone|uber|fat|no_aop|no_deps|jar-with-dependencies|with-dependencies|(?:linux|osx|mac|macos|windows|win)(?:-[a-z0-9_]+)*|plain|boot|classes)$`)
)

// splitJarName splits NAME-VERSION[-CLASSIFIER].EXT; version is "" if the name
// has none.
func splitJarName(base string) (artifact, version string) {
	stem := strings.TrimSuffix(base, path.Ext(base))
	for from := 0; ; {
		at := jarVersion.FindStringIndex(stem[from:])
		if at == nil {
			return stem, ""
		}
		artifact, version = stem[:from+at[0]], stem[from+at[0]+1:]
		if artifact != "" && !partOfName(stem[from+at[0]:]) {
			return artifact, classifier.ReplaceAllString(version, "")
		}
		from += at[1]
	}
}

var (
	// scala is the version of Scala in an artifact's name: akka-actor_2.12.
	scala = regexp.MustCompile(`^_[23](?:\.[0-9]+)?-`)
	// between is a word between two numbers: in log4j-1.2-api-2.14.1 the first
	// belongs to the name, in plugin-2.2-beta-5 both to the version.
	between   = regexp.MustCompile(`^-[0-9.]+-([a-z]+)-[0-9]`)
	qualifier = regexp.MustCompile(`^(?:alpha|beta|rc|cr|m|b|milestone|ea|pre|preview|build|rev|sp|ga|incubating)$`)
)

// partOfName says whether the number that rest begins with belongs to the
// artifact's name, not to its version.
func partOfName(rest string) bool {
	word := between.FindStringSubmatch(rest)
	return scala.MatchString(rest) || word != nil && !qualifier.MatchString(word[1])
}
