package dockerfile

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// run sets the forms of a command. BuildKit leaves flags out and gives
// here-documents with their ends, or alone where the shell is to run one;
// buildah keeps flags and leaves the ends out; kaniko has the first line alone.
// The JSON form is written as a command line, by buildah and kaniko as it stands.
func (s *step) run(in instruction, shell string) {
	bare := withoutFlags(in.arguments, in.escape)
	if argv, ok := list(bare); ok {
		s.argv = oneLine(strings.Join(argv, " "))
		s.commands = append(s.commands, withoutShell(s.argv))
	} else if shell != "" {
		s.argv = oneLine(shell + " " + bare)
	}
	s.commands = append(s.commands, oneLine(bare), oneLine(in.arguments))
	if len(in.documents) == 0 {
		return
	}
	var closed, open strings.Builder
	for _, d := range in.documents {
		closed.WriteString("\n" + d.content + d.name)
		open.WriteString("\n" + d.content)
	}
	for _, line := range []string{bare, in.arguments} {
		s.commands = append(s.commands, oneLine(line+closed.String()), oneLine(line+open.String()))
	}
	if len(in.documents) == 1 && opening.MatchString(bare) {
		content := in.documents[0].content
		s.commands = append(s.commands, oneLine(content))
		if strings.HasPrefix(content, "#!") {
			s.piped = "/dev/pipes/" + in.documents[0].name
		}
	}
}

// shellForm is a shell with its flags, and a command, as image.Layer's
// Instruction does without the shell.
var shellForm = regexp.MustCompile(`^(?:(?:/usr)?/bin/(?:ba|da|a|k|z)?sh(?: (?:-[A-Za-z]+|pipefail))*? -[A-Za-z]*c|cmd /S /C) (.*)$`)

func withoutShell(command string) string {
	if m := shellForm.FindStringSubmatch(command); m != nil {
		return m[1]
	}
	return command
}

// copied are the names that COPY or ADD have: files, here-documents, and where
// to, in BuildKit's order. It is never empty.
func copied(arguments string, escape byte) []string {
	bare := withoutFlags(arguments, escape)
	if names, ok := list(bare); ok {
		return names
	}
	all := words(bare, escape)
	if len(all) == 0 {
		return []string{""}
	}
	var files, documents []string
	for _, w := range all[:len(all)-1] {
		if m := opening.FindStringSubmatch(w); m != nil {
			documents = append(documents, "<<"+m[2])
		} else {
			files = append(files, w)
		}
	}
	return slices.Concat(files, documents, all[len(all)-1:])
}

// marks are for the parser, so that some builders leave them out.
var marks = strings.NewReplacer(`"`, "", "'", "", `\`, "", "`", "")

// unmarked is a text without them, on one line.
func unmarked(text string) string { return oneLine(marks.Replace(text)) }

// punctuation is what builders put between words as they like.
var punctuation = strings.NewReplacer("[", " ", "]", " ", "{", " ", "}", " ", `"`, " ", "'", " ", ",", " ", `\`, " ", "`", " ", "=", " ")

// plain is what all builders agree on: the words.
func plain(keyword, arguments string) string {
	text := oneLine(punctuation.Replace(arguments))
	switch keyword {
	case "EXPOSE": // sorted or not, with /tcp or without
		ports := strings.Fields(strings.ReplaceAll(text, "/tcp", ""))
		slices.Sort(ports)
		return strings.Join(ports, " ")
	case "CMD", "ENTRYPOINT":
		return withoutShell(text)
	case "WORKDIR":
		return path.Clean(text)
	}
	return text
}

// forms are what the arguments of a keyword that makes no files can look like.
func forms(keyword, arguments, shell string) []string {
	text := plain(keyword, arguments)
	switch {
	case shell != "" && (keyword == "CMD" || keyword == "ENTRYPOINT"):
		return []string{text, plain(keyword, shell+" "+arguments)}
	case keyword == "WORKDIR" && !path.IsAbs(text): // most builders make it absolute
		return []string{text, gap + "/" + strings.TrimLeft(text, "./")}
	case keyword == "EXPOSE" && strings.Contains(text, "-"): // BuildKit lists all ports of a range
		return []string{text, gap}
	case keyword == "HEALTHCHECK": // docker gives the command, with all settings around it
		command := withoutFlags(arguments, 0)
		if first, rest := word(command, 0); strings.EqualFold(first, "CMD") {
			command = rest
		}
		return []string{text, gap + plain(keyword, command) + gap}
	case keyword == "ARG": // with the value that the build was given, or without any
		name, _, _ := strings.Cut(text, " ")
		return []string{text, name, name + " " + gap}
	}
	return []string{text}
}
