package report

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscapeTerminal(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "libc6:amd64_2.36-9+deb12u1~bpo", "libc6:amd64_2.36-9+deb12u1~bpo"},
		{"letters of other scripts", "Jürgen 日本", "Jürgen 日本"},
		{"colour", "\x1b[31mred", `\x1b[31mred`},
		{"window title", "\x1b]0;title\x07", `\x1b]0;title\x07`},
		{"C1 control sequence introducer", "\u009b2J", `\u009b2J`},
		{"C1 as a bare byte", "\x9b2J", `\x9b2J`},
		{"a line of its own", "ok\nverdict: PASS", `ok\nverdict: PASS`},
		{"overwriting the line", "BLOCK\rPASS ", `BLOCK\rPASS `},
		{"tab", "a\tb", `a\tb`},
		{"backspace and delete", "a\bb\x7f", `a\x08b\x7f`},
		{"direction override", "\u202etxt.exe\u202c", `\u202etxt.exe\u202c`},
		{"direction isolate", "\u2066x\u2069", `\u2066x\u2069`},
		{"zero width", "lo\u200bg4j\ufeff", `lo\u200bg4j\ufeff`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"no-break space", "a\u00a0b", `a\u00a0b`},
		{"tag characters", "x\U000e0041", `x\U000e0041`},
		{"combining marks", "e\u0301", `e\u0301`},
		{"Hangul filler", "a\u3164b", `a\u3164b`},
		{"Azure's log command", "lib##vso[task.setvariable variable=a]b", `lib#\x23vso[task.setvariable variable=a]b`},
		{"another", "###[error]b", `##\x23[error]b`},
		{"GitHub's log command", "::add-mask::a ::b::", `\x3a:add-mask::a \x3a:b::`},
		{"Perl's names", "Foo::Bar", "Foo::Bar"},
		{"the shell's", "${a##*/}", "${a##*/}"},
		{"private use", "\ue000", `\ue000`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := EscapeTerminal(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestEscapeTerminalCuts(t *testing.T) {
	got := EscapeTerminal(strings.Repeat("A", 5_000_000))
	if want := strings.Repeat("A", maxText) + "…[4998976 more bytes]"; got != want {
		t.Errorf("got %d bytes ending in %q", len(got), got[max(len(got)-30, 0):])
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		in   string
		max  int
		want string
	}{
		{"RUN true", 8, "RUN true"},
		{"RUN false", 8, "RUN fal…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"},
	} {
		got := shorten(c.in, c.max)
		if got != c.want || columns(got) > c.max {
			t.Errorf("shorten(%q, %d) = %q of %d columns, want %q", c.in, c.max, got, columns(got), c.want)
		}
	}
}

func FuzzEscapeTerminal(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := EscapeTerminal(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is not UTF-8", got)
		}
		for _, r := range got {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
				t.Fatalf("%q kept %U of %q", got, r, s)
			}
		}
		if again := EscapeTerminal(got); again != got && utf8.RuneCountInString(got) <= maxText {
			t.Fatalf("escaping %q again gives %q", got, again)
		}
		if n := columns(shorten(got, 40)); n > 40 {
			t.Fatalf("shortened to %d columns", n)
		}
	})
}
