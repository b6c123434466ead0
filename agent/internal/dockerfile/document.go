package dockerfile

import (
	"regexp"
	"strings"
)

// document is a here-document: lines that follow an instruction and belong to
// it, up to one that is its name.
type document struct {
	name    string
	content string // without the tabs that <<- removes
}

// opening is a word that begins a here-document: <<EOF, << EOF, <<-EOF,
// 3<<"EOF". As a word of its own: a<<EOF, <<<EOF and "<<EOF" are none.
var opening = regexp.MustCompile(`^\d*<<(-?)\s*([^<\s][^<]*)$`)

// documents reads the here-documents of an instruction, one after the other.
// A line with a quote that has no end has none, as in BuildKit.
func (s *source) documents(in *instruction) error {
	keyword, arguments := in.keyword, in.arguments
	if keyword == "ONBUILD" {
		keyword, arguments = word(arguments, s.escape)
		keyword = strings.ToUpper(keyword)
	}
	if !keywords[keyword] || !strings.Contains(arguments, "<<") {
		return nil
	}
	all := words(arguments, '\\') // whatever the escape character is
	if _, closed := unquoted(all[len(all)-1], '\\'); !closed {
		return nil
	}
	for _, w := range all {
		m := opening.FindStringSubmatch(w)
		if m == nil {
			continue
		}
		var d document
		if d.name, _ = unquoted(m[2], '\\'); d.name == "" {
			continue
		}
		if err := s.read(&d, m[1] == "-", in.at.first); err != nil {
			return err
		}
		in.documents = append(in.documents, d)
	}
	return nil
}

// read reads a document to its end.
func (s *source) read(d *document, untab bool, first int) error {
	var b strings.Builder
	for {
		line, ok := s.next()
		if !ok {
			return s.errorf(first, "the here-document %s has no end: a line that is %s is missing", shown(d.name), shown(d.name))
		}
		if untab {
			line = strings.TrimLeft(line, "\t")
		}
		if line == d.name {
			d.content = b.String()
			return nil
		}
		b.WriteString(line)
		b.WriteByte('\n')
	}
}
