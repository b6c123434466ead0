package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/layergate/layergate/agent/internal/scan"
)

// progress is the line that shows how far a scan is, on a terminal only: a
// build log would keep every state of it.
type progress struct {
	on    bool
	width int
	write func(string)

	mu    sync.Mutex
	last  time.Time
	shown bool
}

// progressInterval is how often the line changes at most.
const progressInterval = 100 * time.Millisecond

func (a *app) newProgress() *progress {
	width, ok := terminalWidth(a.stderr)
	if width <= 0 {
		width = 80
	}
	return &progress{
		on:    ok && !a.quiet && a.env("TERM") != "dumb" && a.env("CI") == "" && !a.log.IsLevelEnabled(logrus.InfoLevel),
		width: width,
		write: func(s string) { fmt.Fprint(a.stderr, s) },
	}
}

// show tells of a scan. It may be called from several goroutines.
func (p *progress) show(e scan.Event) { p.put(func() string { return progressLine(e) }, false) }

// put changes the line; not more often than is sensible, unless it is sure to
// stay for a while.
func (p *progress) put(line func() string, stays bool) {
	if !p.on {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !stays && now.Sub(p.last) < progressInterval {
		return
	}
	p.last, p.shown = now, true
	p.write("\r\x1b[K" + cut(line(), p.width-1))
}

// cut shortens a line to a width in characters.
func cut(line string, width int) string {
	runes := []rune(line)
	return string(runes[:min(len(runes), max(width, 0))])
}

// clear removes the line.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		p.write("\r\x1b[K")
		p.shown = false
	}
}

func progressLine(e scan.Event) string {
	line := e.Stage
	if e.Layers > 0 {
		line += fmt.Sprintf(": %d of %d layers", e.Layer, e.Layers)
	}
	if e.Source != "" {
		line += " (" + e.Source + ")"
	}
	return line
}
