package language

import (
	"bufio"
	"io"
	"strings"
)

// manifest is the main section of a jar's MANIFEST.MF, by key in lower case
// (https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest).
type manifest map[string]string

// maxHeader bounds a header's value. The ones that identify a jar are short;
// a bundle's list of imports may be of any length.
const maxHeader = 1 << 10

// readManifest reads up to the first empty line; the sections after it are
// about single files. A line that starts with a space continues the last one.
func readManifest(r io.Reader) (manifest, error) {
	m := manifest{}
	key := ""
	for in := bufio.NewReader(r); ; {
		line, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return m, err
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" && len(m) > 0 {
			return m, nil
		}
		if rest, continued := strings.CutPrefix(line, " "); continued {
			if key != "" && len(m[key]) < maxHeader {
				m[key] += rest
			}
		} else if name, value, found := strings.Cut(line, ":"); found {
			key = strings.ToLower(name)
			m[key] = strings.TrimPrefix(value, " ")
		}
		if err == io.EOF {
			return m, nil
		}
	}
}

// get gives a value that can be used as it stands, "" for none: neither
// directives after a semicolon nor placeholders that a build left.
func (m manifest) get(key string) string {
	value, _, _ := strings.Cut(m[key], ";")
	value = strings.TrimSpace(value)
	if strings.ContainsAny(value, "${%") {
		return ""
	}
	return value
}

// token is get for a value that may only be a single word.
func (m manifest) token(key string) string {
	value := m.get(key)
	if strings.ContainsAny(value, " \t#/:,") {
		return ""
	}
	return value
}
