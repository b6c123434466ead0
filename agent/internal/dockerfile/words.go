package dockerfile

import (
	"encoding/json"
	"strings"
	"unicode"
)

// space is what stands between words.
const space = " \t\n\v\f\r"

// word cuts off the first word of a text. Words end at white space that is
// neither quoted nor escaped; quotes stay where they are.
func word(text string, escape byte) (first, rest string) {
	text = strings.TrimLeft(text, space)
	var quote byte
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == escape && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(text[i:], "<<"): // << EOF is one word
			rest := text[i+2:]
			i += 1 + len(rest) - len(strings.TrimLeft(rest, " \t"))
		case strings.IndexByte(space, c) >= 0:
			return text[:i], text[i:]
		}
	}
	return text, ""
}

// words are all words of a text.
func words(text string, escape byte) (all []string) {
	for {
		var first string
		if first, text = word(text, escape); first == "" {
			return all
		}
		all = append(all, first)
	}
}

// unquoted is a word without its quotes and escape characters. It is not
// closed if a quote has no end; such a word reaches to the end of its text.
func unquoted(word string, escape byte) (text string, closed bool) {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(word); i++ {
		switch c := word[i]; {
		case c == escape && quote != '\'':
			if i++; i < len(word) {
				b.WriteByte(word[i])
			}
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), quote == 0
}

// list is the JSON form of arguments: ["a", "b c"].
func list(arguments string) ([]string, bool) {
	var all []string
	if !strings.HasPrefix(arguments, "[") || json.Unmarshal([]byte(arguments), &all) != nil {
		return nil, false
	}
	return all, len(all) > 0
}

// withoutFlags leaves out the --flags before the arguments.
func withoutFlags(arguments string, escape byte) string {
	for strings.HasPrefix(arguments, "--") {
		_, arguments = word(arguments, escape)
		arguments = strings.TrimLeft(arguments, space)
	}
	return arguments
}

// oneLine is a text as image.Layer.Instruction has it: white space collapsed,
// control characters dropped.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}
