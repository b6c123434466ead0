package cli

import (
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// look says how a report to w should look: with colours, with hyperlinks, and
// how wide.
func (a *app) look(w io.Writer) (color, links bool, width int) {
	width, ok := terminalWidth(w)
	if !ok || a.env("TERM") == "dumb" {
		return false, false, width
	}
	return !a.noColor && a.env("NO_COLOR") == "", a.linksWork(), width
}

// terminalWidth is the columns of the terminal that w writes to; ok is false
// if it is none.
func terminalWidth(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, true // a terminal that does not say gets the default width
	}
	return width, true
}

// linksWork says whether the terminal is known to show OSC 8 hyperlinks. There
// is no way to ask one, so this goes by the variables that each sets. Build
// logs and the multiplexers, which inherit the variables of the terminal
// around them, get none. FORCE_HYPERLINK, a convention of several tools,
// decides where it is set.
func (a *app) linksWork() bool {
	if force := a.env("FORCE_HYPERLINK"); force != "" {
		return force != "0"
	}
	name := a.env("TERM")
	if a.env("CI") != "" || strings.HasPrefix(name, "screen") || strings.HasPrefix(name, "tmux") {
		return false
	}
	if vte, err := strconv.Atoi(a.env("VTE_VERSION")); err == nil && vte >= 5000 { // GNOME's, from 0.50
		return true
	}
	return slices.Contains([]string{"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"}, a.env("TERM_PROGRAM")) ||
		slices.Contains([]string{"xterm-kitty", "xterm-ghostty", "alacritty", "foot", "foot-extra"}, name) ||
		a.env("WT_SESSION") != "" || a.env("KONSOLE_VERSION") != "" || a.env("DOMTERM") != ""
}
