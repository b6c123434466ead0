package language

import (
	"bufio"
	"io"
	"strings"
)

// manifest is the main section of a jar's MANIFEST.MF, by key in lower case
// (https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest).
type manifest map[string]string

// readManifest reads up to the first empty line; the sections after it are
// about single files. A line that starts with a space continues the last one.
func readManifest(r io.Reader) (manifest, error) {
	m := manifest{}
	last := ""
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return m, err
		}
		line = strings.TrimRight(line, "\r\n")
		switch key, value, found := strings.Cut(line, ":"); {
		case line == "" && (err == io.EOF || len(m) > 0):
			return m, nil
		case strings.HasPrefix(line, " "):
			if last != "" {
				m[last] += line[1:]
			}
		case found:
			last = strings.ToLower(key)
			m[last] = strings.TrimPrefix(value, " ")
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
